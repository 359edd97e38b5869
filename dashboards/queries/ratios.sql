-- The ratios of some months, with both sides.
select
    period,
    measure,
    numerator_cents,
    denominator_cents,
    numerator_count,
    denominator_count,
    ratio,
    days
from marts.month_ratios
where period = any(%(periods)s)
