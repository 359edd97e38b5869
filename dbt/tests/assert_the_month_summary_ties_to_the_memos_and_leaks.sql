-- Of the months that are open, and of all memos: they post to open months only.
with closed as (

    select period from {{ ref('closed_months') }}

),

summary as (

    select
        coalesce(sum(summary.amount_cents) filter (where summary.measure like 'memo%'), 0) as memo_cents,
        coalesce(
            sum(summary.amount_cents) filter (where summary.measure like 'leak%' and closed.period is null), 0
        ) as leak_cents,
        coalesce(
            sum(summary.amount_cents) filter (where summary.measure = 'pos_adjusted_revenue' and closed.period is null), 0
        ) as revenue_cents
    from {{ ref('month_summary') }} as summary
    left join closed on summary.period = closed.period

),

leaks as (

    select coalesce(sum(leaks.amount_cents), 0) as cents
    from {{ ref('leaks') }} as leaks
    left join closed on leaks.period = closed.period
    where closed.period is null

),

visits as (

    select coalesce(sum(visits.pos_adjusted_revenue_cents), 0) as cents
    from {{ ref('int_month__visit_sums') }} as visits
    left join closed on visits.service_period = closed.period
    where closed.period is null

)

select summary.*
from summary
cross join leaks
cross join visits
where
    summary.memo_cents <> (select coalesce(sum(memos.amount_cents), 0) from {{ ref('memos') }} as memos)
    or summary.leak_cents <> leaks.cents
    or summary.revenue_cents <> visits.cents
