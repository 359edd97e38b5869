-- Cash from patients as the objects of Stripe tell it, before its balance shows it; a lost dispute takes it back.
select
    'receipt' as source_kind,
    lines.source_id,
    visits.visit_token,
    visits.practice_id,
    visits.payer_id,
    coalesce(visits.service_period, {{ period('happened.effective_on') }}) as origin_period,
    happened.effective_on,
    {{ entry_lines([
        ["case lines.source_kind when 'dispute' then 'disputes' else 'stripe_pending' end", 'lines.amount_cents'],
        [
            "case when visits.visit_token is not null then 'patient_receivable'"
            " when lines.subscription_id is not null then 'subscription_receivable' else 'unapplied_cash' end",
            '-lines.amount_cents'
        ],
    ]) }}
from {{ ref('int_payments__collected_lines') }} as lines
cross join {{ ref('stg_ops__run_settings') }} as settings
cross join lateral (select {{ local_date('lines.happened_at', 'settings.timezone') }} as effective_on) as happened
left join {{ ref('int_visits__amounts') }} as visits on lines.visit_token = visits.visit_token
