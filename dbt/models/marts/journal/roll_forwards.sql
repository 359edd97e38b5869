-- How every account came from what it held to what it holds, by what moved it: opening + movement = closing in every row, and
-- the rows of an account and month add up to its row of the trial balance.
with movements as (

    select
        account,
        source_kind,
        period,
        sum(debit_cents - credit_cents) as movement_cents,
        sum(entries) as entries
    from {{ ref('int_journal__months') }}
    group by account, source_kind, period

),

periods as (

    select distinct period from movements

),

starts as (

    select
        account,
        source_kind,
        min(period) as first_period
    from movements
    group by account, source_kind

),

rolled as (

    select
        periods.period,
        starts.account,
        starts.source_kind,
        coalesce(movements.movement_cents, 0) as movement_cents,
        coalesce(movements.entries, 0) as entries,
        sum(coalesce(movements.movement_cents, 0)) over (
            partition by starts.account, starts.source_kind
            order by periods.period
        ) as closing_cents
    from starts
    inner join periods on starts.first_period <= periods.period
    left join movements
        on starts.account = movements.account
        and starts.source_kind = movements.source_kind
        and periods.period = movements.period

)

select
    period,
    account,
    source_kind,
    cast(closing_cents - movement_cents as bigint) as opening_cents,
    cast(movement_cents as bigint) as movement_cents,
    cast(closing_cents as bigint) as closing_cents,
    cast(entries as bigint) as entries
from rolled
