-- Payments announced and not seen at the bank as announced, or seen and not announced.
select
    status,
    trn_number,
    expected_cents,
    deposited_cents,
    residual_cents
from marts.eft_tieout
where status <> 'matched'
order by abs(residual_cents) desc, trn_number asc
limit %(listed)s
