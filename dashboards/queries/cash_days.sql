-- What came in on the days of a month, by source.
select
    paid_on,
    source,
    pieces,
    amount_cents
from marts.cash_by_day
where period = %(period)s
order by paid_on, source
