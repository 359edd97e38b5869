-- Every figure of one month.
select
    measure,
    amount_cents
from marts.month_summary
where period = %(period)s
