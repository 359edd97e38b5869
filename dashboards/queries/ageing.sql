-- What is owed for visits of all months, by who owes it and how old it is.
select
    as_of,
    payer_id,
    bucket,
    amount_cents,
    written_off_cents,
    visits
from marts.ar_ageing
