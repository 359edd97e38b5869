-- Charges, refunds, disputes and payouts against the movements of the Stripe balance.
-- The largest residual first, a part at a time.
select
    status,
    source_id as name,
    source_type as detail,
    happened_on,
    object_cents as this_cents,
    transactions_cents as other_cents,
    residual_cents,
    cast(null as uuid) as visit_token
from marts.balance_tieout
where status = any(%(statuses)s)
order by abs(residual_cents) desc nulls last, source_id asc
limit %(size)s offset %(skipped)s
