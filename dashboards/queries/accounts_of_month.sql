-- What every account of one month took and holds.
select
    account,
    debit_cents - credit_cents as movement_cents,
    closing_cents
from marts.trial_balance
where period = %(period)s
