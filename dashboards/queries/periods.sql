-- The months that have figures, newest first, and whether their visits brought revenue.
-- As of a day, how many is the dear part of a month in figures: it is asked for where it is needed.
select
    period,
    bool_or(has_revenue) as has_revenue
from (
    select
        period,
        false as has_revenue
    from marts.month_summary
    where period is not null
    union all
    select
        period,
        count > 0
    from marts.month_summary
    where period is not null and measure = 'pos_adjusted_revenue'
) as months
group by period
order by period desc
