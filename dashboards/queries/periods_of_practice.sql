-- The months that one practice has figures of, newest first, and whether its visits brought revenue.
select
    period,
    bool_or(measure = 'pos_adjusted_revenue' and count > 0) as has_revenue
from marts.practice_summary
where practice_id = %(practice)s and period is not null
group by period
order by period desc
