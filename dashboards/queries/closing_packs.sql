-- The files of the packs of every closing of a month, newest closing first; one that lacks has no hash.
select
    (event.ordinal + 1) / 2 as version,
    formats.format,
    pack.sha256,
    pack.byte_count,
    pack.made_at
from ledger.period_event as event
cross join unnest(array['html', 'pdf', 'xlsx', 'csv']) with ordinality as formats (format, place)
left join ledger.closed_pack as pack
    on
        pack.period = event.period
        and pack.version = (event.ordinal + 1) / 2
        and pack.format = formats.format
where event.period = %(period)s and event.event = 'close'
order by event.ordinal desc, formats.place
