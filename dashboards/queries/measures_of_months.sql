-- Every figure of some months.
select
    period,
    measure,
    amount_cents,
    count
from marts.month_summary
where period = any(%(periods)s)
