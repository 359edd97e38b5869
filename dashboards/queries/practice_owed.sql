-- What is owed for a practice's visits by who owes it, a column a bucket of age.
select
    owed_by,
    max(as_of) as as_of,
    cast(coalesce(sum(amount_cents) filter (where bucket = '0-30'), 0) as bigint) as to_30_cents,
    cast(coalesce(sum(amount_cents) filter (where bucket = '31-60'), 0) as bigint) as to_60_cents,
    cast(coalesce(sum(amount_cents) filter (where bucket = '61-90'), 0) as bigint) as to_90_cents,
    cast(coalesce(sum(amount_cents) filter (where bucket = '91-120'), 0) as bigint) as to_120_cents,
    cast(coalesce(sum(amount_cents) filter (where bucket = '120+'), 0) as bigint) as older_cents,
    cast(sum(amount_cents) as bigint) as owed_cents
from marts.practice_ageing
where practice_id = %(practice)s
group by owed_by
order by owed_by
