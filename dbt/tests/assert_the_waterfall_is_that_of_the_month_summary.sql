-- The adjustments and the cash of a month stand in two tables that add them up apart.
with waterfall as (

    select
        period,
        step as measure,
        abs(amount_cents) as cents
    from {{ ref('revenue_waterfall') }}
    where step in ('contractual', 'sequestration', 'denied', 'other_adjustment', 'payer_paid', 'patient_collected')

),

summary as (

    select
        period,
        measure,
        abs(amount_cents) as cents
    from {{ ref('month_summary') }}

)

select waterfall.*
from waterfall
left join summary
    on waterfall.period = summary.period
    and waterfall.measure = summary.measure
where waterfall.cents is distinct from summary.cents
