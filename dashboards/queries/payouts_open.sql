-- Payouts that their balance transactions do not explain.
select
    payout_id,
    amount_cents,
    transactions_cents,
    residual_cents
from marts.payout_tieout
where residual_cents <> 0
order by abs(residual_cents) desc, payout_id asc
limit %(listed)s
