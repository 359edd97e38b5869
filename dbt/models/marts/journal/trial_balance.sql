-- Every account of every month: what it held, what came and went, what it holds. A debit balance is positive, a credit
-- balance negative, so that each column but the credits adds up: openings and closings to 0, debits to the credits.
with movements as (

    select
        period,
        account,
        sum(debit_cents) as debit_cents,
        sum(credit_cents) as credit_cents
    from {{ ref('int_journal__months') }}
    group by period, account

),

periods as (

    select distinct period from movements

),

accounts as (

    select
        account,
        min(period) as first_period
    from movements
    group by account

),

balances as (

    select
        periods.period,
        accounts.account,
        coalesce(movements.debit_cents, 0) as debit_cents,
        coalesce(movements.credit_cents, 0) as credit_cents,
        sum(coalesce(movements.debit_cents, 0) - coalesce(movements.credit_cents, 0)) over (
            partition by accounts.account
            order by periods.period
        ) as closing_cents
    from accounts
    inner join periods on accounts.first_period <= periods.period
    left join movements on accounts.account = movements.account and periods.period = movements.period

)

select
    balances.period,
    balances.account,
    chart.kind,
    chart.normal_side,
    cast(balances.closing_cents - balances.debit_cents + balances.credit_cents as bigint) as opening_cents,
    cast(balances.debit_cents as bigint) as debit_cents,
    cast(balances.credit_cents as bigint) as credit_cents,
    cast(balances.closing_cents as bigint) as closing_cents
from balances
inner join {{ ref('account') }} as chart on balances.account = chart.account
