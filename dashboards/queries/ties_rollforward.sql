-- The Stripe balance day by day: its change against the movements that explain it.
-- The largest residual first, a part at a time.
select
    case unexplained_cents when 0 then 'matched' else 'unexplained' end as status,
    cast(starts_on as text) as name,
    transactions || ' movements' as detail,
    starts_on as happened_on,
    closing_cents - opening_cents as this_cents,
    closing_cents - opening_cents - unexplained_cents as other_cents,
    unexplained_cents as residual_cents,
    cast(null as uuid) as visit_token
from marts.stripe_rollforward
where
    case unexplained_cents when 0 then 'matched' else 'unexplained' end = any(%(statuses)s)
    and grain = 'day'
order by abs(unexplained_cents) desc nulls last, starts_on desc
limit %(size)s offset %(skipped)s
