-- The waterfall of some months.
select
    period,
    step,
    amount_cents
from marts.revenue_waterfall
where period = any(%(periods)s)
