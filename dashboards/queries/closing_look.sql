-- The checklist of a month as it was last judged, and whether the month was closed or reopened since.
select
    look.looked_at,
    look.looked_by,
    look.found,
    look.looked_at < coalesce(max(event.made_at), '-infinity') as is_old
from ledger.look as look
left join ledger.period_event as event on look.period = event.period
where look.period = %(period)s
group by look.period
