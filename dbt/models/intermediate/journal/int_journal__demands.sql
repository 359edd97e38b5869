-- What was asked of patients moves from what is owed for their visit to what they were asked for.
select
    'demand' as source_kind,
    lines.source_id,
    lines.visit_token,
    visits.practice_id,
    visits.payer_id,
    visits.service_period as origin_period,
    {{ local_date('lines.happened_at', 'settings.timezone') }} as effective_on,
    {{ entry_lines([["'patient_receivable'", 'lines.amount_cents'], ['visits.receivable', '-lines.amount_cents']]) }}
from {{ ref('int_payments__billed_lines') }} as lines
cross join {{ ref('stg_ops__run_settings') }} as settings
inner join {{ ref('int_visits__amounts') }} as visits on lines.visit_token = visits.visit_token
