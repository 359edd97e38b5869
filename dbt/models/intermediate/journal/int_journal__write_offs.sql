-- What remains of an invoice that Stripe was told not to expect any more.
select
    'write_off' as source_kind,
    write_offs.invoice_id as source_id,
    visits.visit_token,
    visits.practice_id,
    visits.payer_id,
    visits.service_period as origin_period,
    {{ local_date('write_offs.uncollectible_at', 'settings.timezone') }} as effective_on,
    {{ entry_lines([["'bad_debt'", 'write_offs.remaining_cents'], ["'patient_receivable'", '-write_offs.remaining_cents']]) }}
from {{ ref('int_payments__write_offs') }} as write_offs
cross join {{ ref('stg_ops__run_settings') }} as settings
inner join {{ ref('int_visits__amounts') }} as visits on write_offs.visit_token = visits.visit_token
