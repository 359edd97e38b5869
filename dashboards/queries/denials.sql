-- What primary payers refuse as it stands, of one month of service.
select
    payer_id,
    group_code,
    reason_code,
    claims,
    amount_cents
from marts.denials
where period = %(period)s
order by amount_cents desc, payer_id asc, group_code asc, reason_code asc
