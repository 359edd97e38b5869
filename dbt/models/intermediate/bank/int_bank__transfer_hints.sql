-- For a transfer that the bank has not shown by its trace number: the deposit it may be, within three business days of the
-- payment. The nearest day first; one of the same amount before one for several remittances, before several for one.
-- Deposits that a remittance or a payout explains are no candidates. Weekends are known, bank holidays are not.
with posted as (

    select trn_number, payer_key, paid_on, bpr_cents
    from {{ ref('stg_era__transactions') }}
    where verdict = 'posted' and bpr_cents > 0 and bpr_method is distinct from 'NON' and trn_number is not null

),

missing as (

    select
        trn_number,
        min(payer_key) as payer_key,
        min(paid_on) as paid_on,
        sum(bpr_cents) as amount_cents
    from posted
    where trn_number not in (select trace_number from {{ ref('stg_bank__deposits') }} where trace_number is not null)
    group by trn_number

),

loose as (

    select deposits.*
    from {{ ref('stg_bank__deposits') }} as deposits
    left join {{ ref('int_bank__payout_deposits') }} as payouts on deposits.deposit_id = payouts.deposit_id
    left join posted on deposits.trace_number = posted.trn_number
    where payouts.deposit_id is null and posted.trn_number is null and deposits.amount_cents > 0

),

missing_days as (

    select
        payer_key,
        paid_on,
        sum(amount_cents) as amount_cents
    from missing
    group by payer_key, paid_on
    having count(*) > 1

),

deposit_days as (

    select
        deposited_on,
        min(deposit_id) as deposit_id,
        sum(amount_cents) as amount_cents
    from loose
    group by deposited_on
    having count(*) > 1

),

candidates as (

    select missing.trn_number, missing.paid_on, loose.deposit_id, loose.deposited_on, 1 as rank, 'same amount' as hint
    from missing
    inner join loose on missing.amount_cents = loose.amount_cents
    union all
    select missing.trn_number, missing.paid_on, loose.deposit_id, loose.deposited_on, 2, 'one deposit for several remittances'
    from missing
    inner join missing_days on missing.payer_key = missing_days.payer_key and missing.paid_on = missing_days.paid_on
    inner join loose on missing_days.amount_cents = loose.amount_cents
    union all
    select missing.trn_number, missing.paid_on, days.deposit_id, days.deposited_on, 3, 'several deposits of a day'
    from missing
    inner join deposit_days as days on missing.amount_cents = days.amount_cents

),

near as (

    select
        candidates.*,
        (
            select count(*)
            from generate_series(
                cast(least(candidates.paid_on, candidates.deposited_on) as timestamp) + interval '1 day',
                cast(greatest(candidates.paid_on, candidates.deposited_on) as timestamp),
                interval '1 day'
            ) as days (day)
            where extract(isodow from days.day) < 6
        ) as business_days_apart
    from candidates
    where abs(candidates.deposited_on - candidates.paid_on) <= 7

)

select distinct on (trn_number)
    trn_number,
    deposit_id,
    hint
from near
where business_days_apart <= 3
order by trn_number, rank, business_days_apart, deposited_on, deposit_id
