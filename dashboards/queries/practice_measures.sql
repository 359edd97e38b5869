-- Every figure of some months of one practice.
select
    period,
    measure,
    amount_cents,
    count
from marts.practice_summary
where practice_id = %(practice)s and period = any(%(periods)s)
