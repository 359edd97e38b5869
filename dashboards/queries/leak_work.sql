-- Who took up which leak and how that stands, of some leaks or of all: of several rows one that waits, then the newest.
select distinct on (leak_id)
    leak_id,
    item_id,
    state,
    assignee,
    changed_at
from marts.worklist
where leak_id is not null and (cast(%(leaks)s as text[]) is null or leak_id = any(%(leaks)s))
order by leak_id asc, state in ('resolved', 'dismissed') asc, item_id desc
