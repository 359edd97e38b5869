-- The checklist that a closing kept, with who explained what.
select
    kept.figure ->> 'check' as check_name,
    kept.figure ->> 'key' as key,
    kept.figure ->> 'state' as state,
    kept.figure ->> 'found' as found,
    kept.figure ->> 'why' as why,
    kept.figure ->> 'made_by' as made_by,
    null as made_at
from ledger.closed_figure as kept
where kept.period = %(period)s and kept.version = %(version)s and kept.table_name = 'close_checklist'
order by kept.place
