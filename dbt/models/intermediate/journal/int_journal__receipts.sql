-- Cash from patients as the objects of Stripe tell it, before its balance shows it; a lost dispute takes it back.
with receipts as (

    select
        lines.source_id,
        visits.visit_token,
        visits.practice_id,
        visits.payer_id,
        visits.service_period,
        lines.amount_cents,
        {{ local_date('lines.happened_at', 'settings.timezone') }} as effective_on,
        case lines.source_kind when 'dispute' then 'disputes' else 'stripe_pending' end as taken_to,
        case
            when visits.visit_token is not null then 'patient_receivable'
            when lines.subscription_id is not null then 'subscription_receivable'
            else 'unapplied_cash'
        end as paid_for
    from {{ ref('int_payments__collected_lines') }} as lines
    cross join {{ ref('stg_ops__run_settings') }} as settings
    left join {{ ref('int_visits__amounts') }} as visits on lines.visit_token = visits.visit_token

)

select
    'receipt' as source_kind,
    source_id,
    visit_token,
    practice_id,
    payer_id,
    coalesce(service_period, {{ period('effective_on') }}) as origin_period,
    effective_on,
    {{ entry_lines([['taken_to', 'amount_cents'], ['paid_for', '-amount_cents']]) }}
from receipts
