-- What remains of an invoice that Stripe was told not to expect any more.
select
    'write_off' as source_kind,
    invoices.invoice_id as source_id,
    visits.visit_token,
    visits.practice_id,
    visits.payer_id,
    visits.service_period as origin_period,
    {{ local_date('invoices.uncollectible_at', 'settings.timezone') }} as effective_on,
    {{ entry_lines([["'bad_debt'", 'invoices.remaining_cents'], ["'patient_receivable'", '-invoices.remaining_cents']]) }}
from {{ ref('stg_stripe__invoices') }} as invoices
cross join {{ ref('stg_ops__run_settings') }} as settings
inner join {{ ref('int_visits__amounts') }} as visits on invoices.own_visit_token = visits.visit_token
where invoices.is_uncollectible and invoices.remaining_cents <> 0
