-- What remains of an invoice that Stripe was told not to expect any more; of a subscription's, of each visit it asks for.
with write_offs as (

    select
        invoice_id as source_id,
        visit_token,
        uncollectible_at,
        remaining_cents
    from {{ ref('int_payments__write_offs') }}
    union all
    select usage_id, visit_token, uncollectible_at, remaining_cents
    from {{ ref('int_usage__write_offs') }}

)

select
    'write_off' as source_kind,
    write_offs.source_id,
    visits.visit_token,
    visits.practice_id,
    visits.payer_id,
    visits.service_period as origin_period,
    {{ local_date('write_offs.uncollectible_at', 'settings.timezone') }} as effective_on,
    {{ entry_lines([["'bad_debt'", 'write_offs.remaining_cents'], ["'patient_receivable'", '-write_offs.remaining_cents']]) }}
from write_offs
cross join {{ ref('stg_ops__run_settings') }} as settings
inner join {{ ref('int_visits__amounts') }} as visits on write_offs.visit_token = visits.visit_token
