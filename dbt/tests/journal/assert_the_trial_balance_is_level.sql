-- Over all accounts of a month debits are credits and the balances are nothing; and the roll-forwards lead to the same balances.
with months as (

    select
        period,
        sum(opening_cents) as opening_cents,
        sum(debit_cents) as debit_cents,
        sum(credit_cents) as credit_cents,
        sum(closing_cents) as closing_cents
    from {{ ref('trial_balance') }}
    group by period

),

rolled as (

    select
        period,
        account,
        sum(opening_cents) as opening_cents,
        sum(closing_cents) as closing_cents
    from {{ ref('roll_forwards') }}
    group by period, account

)

select
    period,
    'all accounts' as account
from months
where opening_cents <> 0 or closing_cents <> 0 or debit_cents <> credit_cents
union all
select
    period,
    account
from {{ ref('trial_balance') }} as balances
full outer join rolled using (period, account)
where
    balances.opening_cents is distinct from rolled.opening_cents
    or balances.closing_cents is distinct from rolled.closing_cents
