-- From a month as it was closed to what is known of it now, by cause.
select
    cause,
    as_closed_cents,
    movement_cents,
    as_now_cents
from marts.close_bridge
where period = %(period)s
order by abs(movement_cents) desc, cause
