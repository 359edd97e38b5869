-- The adjustments and the cash of an open month stand in two tables that add them up apart. What came late while a month was
-- closed is in the waterfall of its visits, and in the other table in the month it was posted to.
with late as (

    select
        origin_period,
        measure,
        sum(amount_cents) as cents
    from {{ ref('int_journal__measures') }}
    where is_late
    group by origin_period, measure

),

waterfall as (

    select
        period,
        step as measure,
        -amount_cents as cents
    from {{ ref('revenue_waterfall') }}
    where
        step in ('contractual', 'sequestration', 'denied', 'other_adjustment', 'payer_paid', 'patient_collected')
        and period not in (select closed.period from {{ ref('closed_months') }} as closed)

),

summary as (

    select
        summary.period,
        summary.measure,
        summary.amount_cents + coalesce(late.cents, 0) as cents
    from {{ ref('month_summary') }} as summary
    left join late
        on summary.period = late.origin_period
        and summary.measure = late.measure

)

select waterfall.*
from waterfall
left join summary
    on waterfall.period = summary.period
    and waterfall.measure = summary.measure
where waterfall.cents is distinct from summary.cents
