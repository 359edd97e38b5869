-- Every closing and reopening of a month, in order; a reopening is of the version that stood.
select
    event,
    why,
    made_by,
    made_at,
    (ordinal + 1) / 2 as version
from ledger.period_event
where period = %(period)s and made_at < coalesce(cast(%(until)s as date) + 1, 'infinity')
order by ordinal
