-- The months that have figures, newest first, and whether their visits brought revenue.
select
    period,
    bool_or(measure = 'pos_adjusted_revenue' and count > 0) as has_revenue
from marts.month_summary
where period is not null
group by period
order by period desc
