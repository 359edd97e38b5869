-- Every figure of some months; how many of visits and leaks alone, which is the dear part as of a day.
select
    period,
    measure,
    amount_cents,
    count
from marts.month_summary
where period = any(%(periods)s) and (measure = 'visits' or starts_with(measure, 'leak_'))
union all
select
    period,
    measure,
    amount_cents,
    null
from marts.month_summary
where period = any(%(periods)s) and measure <> 'visits' and not starts_with(measure, 'leak_')
