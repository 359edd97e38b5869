-- A payout against the balance transactions it lists. Its own transaction (type payout) is the other side and left out.
-- Stripe lists the transactions of automatic payouts only, so only those have a residual.
with payouts as (

    select * from {{ ref('stg_stripe__payouts') }}

),

transactions as (

    select
        payout_id,
        sum(net_cents) as transactions_cents
    from {{ ref('stg_stripe__balance_transactions') }}
    where payout_id is not null and type is distinct from 'payout'
    group by payout_id

)

select
    payouts.payout_id,
    payouts.amount_cents,
    cast(coalesce(transactions.transactions_cents, 0) as bigint) as transactions_cents,
    case
        when payouts.is_automatic
            then cast(payouts.amount_cents - coalesce(transactions.transactions_cents, 0) as bigint)
    end as residual_cents
from payouts
left join transactions on payouts.payout_id = transactions.payout_id
