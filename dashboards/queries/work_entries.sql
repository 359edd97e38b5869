-- What was said and done about some rows of the worklist.
select
    item_id,
    deed,
    said,
    made_by,
    made_at
from marts.worklist_entries
where item_id = any(%(items)s)
order by item_id, ordinal
