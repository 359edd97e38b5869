-- The practices of an open month add up to the month in figures and to its waterfall, which are made apart. What came late while
-- a month was closed is with its visits here, and in the month in figures in the month it was posted to.
with closed as (

    select period from {{ ref('closed_months') }}

),

late as (

    select
        origin_period as period,
        measure,
        sum(amount_cents) as cents
    from {{ ref('int_journal__measures') }}
    where is_late
    group by origin_period, measure

),

practices as (

    select
        period,
        measure,
        sum(amount_cents) as cents
    from {{ ref('practice_summary') }}
    where period not in (select closed.period from closed)
    group by period, measure

),

months as (

    select
        summary.period,
        summary.measure,
        summary.amount_cents + coalesce(late.cents, 0) as cents
    from {{ ref('month_summary') }} as summary
    left join late
        on summary.period = late.period
        and summary.measure = late.measure
    where
        summary.period not in (select closed.period from closed)
        and summary.measure not like 'prior_period_%'
        and summary.measure not in ('withheld_posted_later', 'visit_memos', 'bad_debt')
    union all
    select
        period,
        step,
        amount_cents
    from {{ ref('revenue_waterfall') }}
    where
        period not in (select closed.period from closed)
        and step in ('patient_share', 'payer_receivable', 'unbilled')

)

select
    coalesce(months.period, practices.period) as period,
    coalesce(months.measure, practices.measure) as measure,
    months.cents as months_cents,
    practices.cents as practices_cents
from months
full outer join practices
    on months.period = practices.period
    and months.measure = practices.measure
where coalesce(months.cents, 0) <> coalesce(practices.cents, 0)
