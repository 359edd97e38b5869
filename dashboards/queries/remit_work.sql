-- Who took up which remit or claim of one, how that stands, and what a person said of it last.
select
    work.cause,
    work.item_id,
    work.state,
    work.assignee,
    (
        select entries.said
        from marts.worklist_entries as entries
        where entries.item_id = work.item_id and entries.made_by <> 'trueup'
        order by entries.ordinal desc
        limit 1
    ) as said
from marts.worklist as work
where work.kind in ('held_remit', 'unmatched_remit') and work.cause = any(%(causes)s)
