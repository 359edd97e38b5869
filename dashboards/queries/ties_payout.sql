-- Stripe payouts: the amount against the balance transactions it lists.
-- The largest residual first, a part at a time.
select
    case when residual_cents is null then 'manual' when residual_cents = 0 then 'matched' else 'mismatch' end as status,
    payout_id as name,
    bank_status as detail,
    arrives_on as happened_on,
    amount_cents as this_cents,
    transactions_cents as other_cents,
    residual_cents,
    cast(null as uuid) as visit_token
from marts.payout_tieout
where
    case when residual_cents is null then 'manual' when residual_cents = 0 then 'matched' else 'mismatch' end
    = any(%(statuses)s)
order by abs(residual_cents) desc nulls last, payout_id asc
limit %(size)s offset %(skipped)s
