-- A payout against the balance transactions it lists, and against the bank. Its own transactions (type payout and what became of it)
-- are the other side and left out. Stripe lists the transactions of automatic payouts only, so only those have a residual.
with settings as (

    select * from {{ ref('stg_ops__run_settings') }}

),

payouts as (

    select * from {{ ref('stg_stripe__payouts') }}

),

transactions as (

    select
        payout_id,
        sum(net_cents) as transactions_cents,
        sum(transactions) as transactions
    from {{ ref('int_payments__balance_sums') }}
    where payout_id is not null and type is distinct from 'payout'
    group by payout_id

),

found as (

    select
        links.payout_id,
        deposits.deposit_id,
        deposits.deposited_on
    from {{ ref('int_bank__payout_deposits') }} as links
    inner join {{ ref('stg_bank__deposits') }} as deposits on links.deposit_id = deposits.deposit_id

)

select
    payouts.payout_id,
    payouts.amount_cents,
    cast(coalesce(transactions.transactions_cents, 0) as bigint) as transactions_cents,
    case
        when payouts.is_automatic
            then cast(payouts.amount_cents - coalesce(transactions.transactions_cents, 0) as bigint)
    end as residual_cents,
    cast(coalesce(transactions.transactions, 0) as bigint) as transactions,
    payouts.status,
    payouts.is_automatic,
    payouts.arrives_on,
    found.deposit_id as bank_deposit_id,
    found.deposited_on,
    case
        when found.deposit_id is not null then 'found'
        when payouts.status in ('failed', 'canceled') or payouts.amount_cents = 0 then 'not_expected'
        when not exists (select 1 from {{ ref('stg_bank__deposits') }}) then 'no_deposits_loaded'
        when payouts.arrives_on is null or payouts.arrives_on + 5 >= settings.as_of then 'waiting'
        else 'missing'
    end as bank_status
from payouts
cross join settings
left join transactions on payouts.payout_id = transactions.payout_id
left join found on payouts.payout_id = found.payout_id
