-- Charges are adjusted, paid, asked of the patient or withheld for a reason, and nothing else, in every month, closed or open.
-- A month that was closed before what is withheld was a figure stays as it was published, without it.
select
    period,
    sum(case when measure = 'gross_charges' then amount_cents else -amount_cents end) as unexplained_cents
from {{ ref('month_summary') }}
where
    measure in (
        'gross_charges', 'contractual', 'sequestration', 'denied', 'other_adjustment', 'payer_paid', 'patient_target'
    )
    or starts_with(measure, 'withheld_')
group by period
having
    bool_or(starts_with(measure, 'withheld_'))
    and sum(case when measure = 'gross_charges' then amount_cents else -amount_cents end) <> 0
