-- Whether a month is closed, since when and by whom.
select
    version,
    cast(closed_at as date) as closed_on,
    closed_by
from marts.closed_months
where period = %(period)s
