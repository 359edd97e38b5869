-- Which payout a deposit without a trace number is: the same amount, at the bank on its day of arrival or within five days
-- after, each once. Deposits of an amount are read one after the other; each takes the payout that arrived first.
with recursive payouts as (

    select
        payout_id,
        amount_cents,
        arrives_on
    from {{ ref('stg_stripe__payouts') }}
    where status is distinct from 'failed' and status is distinct from 'canceled' and amount_cents <> 0

),

deposits as (

    select
        deposit_id,
        amount_cents,
        deposited_on,
        row_number() over (partition by amount_cents order by deposited_on, deposit_id collate "C") as place
    from {{ ref('stg_bank__deposits') }}
    where trace_number is null and amount_cents in (select payouts.amount_cents from payouts)

),

readings as (

    select distinct
        amount_cents,
        cast(0 as bigint) as place,
        cast(null as text) as deposit_id,
        cast(null as text) as payout_id,
        cast('{}' as text[]) as taken
    from deposits

    union all

    select
        deposits.amount_cents,
        deposits.place,
        deposits.deposit_id,
        found.payout_id,
        array_remove(readings.taken || found.payout_id, null)
    from readings
    inner join deposits
        on readings.amount_cents = deposits.amount_cents
        and deposits.place = readings.place + 1
    left join lateral (
        select payouts.payout_id
        from payouts
        where
            payouts.amount_cents = deposits.amount_cents
            and payouts.arrives_on between deposits.deposited_on - 5 and deposits.deposited_on
            and payouts.payout_id <> all(readings.taken)
        order by payouts.arrives_on, payouts.payout_id
        limit 1
    ) as found on true

)

select
    deposit_id,
    payout_id
from readings
where payout_id is not null
