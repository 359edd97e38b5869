-- What payers will still take back from each provider, month by month: opening + put off + taken = closing. A month has its
-- row while anything is open or moves.
with settings as (

    select * from {{ ref('stg_ops__run_settings') }}

),

lines as (

    select
        balances.payer_key,
        balances.payer_name,
        balances.provider_id,
        date_trunc('month', coalesce(balances.paid_on, settings.as_of)) as month_start,
        balances.moves_balance,
        balances.amount_cents
    from {{ ref('provider_balances') }} as balances
    cross join settings

),

moved as (

    select
        payer_key,
        max(payer_name) as payer_name,
        provider_id,
        month_start,
        coalesce(sum(-amount_cents) filter (where moves_balance and amount_cents < 0), 0) as put_off_cents,
        coalesce(sum(-amount_cents) filter (where moves_balance and amount_cents > 0), 0) as taken_cents,
        coalesce(sum(-amount_cents) filter (where not moves_balance), 0) as other_cents
    from lines
    group by payer_key, provider_id, month_start

),

months as (

    select
        chains.payer_key,
        chains.payer_name,
        chains.provider_id,
        calendar.month_start
    from (
        select
            payer_key,
            provider_id,
            max(payer_name) as payer_name,
            min(month_start) as first_month,
            max(month_start) as last_month
        from moved
        group by payer_key, provider_id
    ) as chains
    cross join settings
    cross join lateral generate_series(
        chains.first_month, greatest(chains.last_month, date_trunc('month', settings.as_of)), interval '1 month'
    ) as calendar (month_start)

),

rolled as (

    select
        months.*,
        coalesce(moved.put_off_cents, 0) as put_off_cents,
        coalesce(moved.taken_cents, 0) as taken_cents,
        coalesce(moved.other_cents, 0) as other_cents,
        sum(coalesce(moved.put_off_cents, 0) + coalesce(moved.taken_cents, 0)) over (
            partition by months.payer_key, months.provider_id
            order by months.month_start
        ) as closing_cents
    from months
    left join moved using (payer_key, provider_id, month_start)

)

select
    {{ period('month_start') }} as period,
    payer_key,
    payer_name,
    provider_id,
    cast(closing_cents - put_off_cents - taken_cents as bigint) as opening_cents,
    cast(put_off_cents as bigint) as put_off_cents,
    cast(taken_cents as bigint) as taken_cents,
    cast(closing_cents as bigint) as closing_cents,
    cast(other_cents as bigint) as other_cents
from rolled
where closing_cents <> 0 or put_off_cents <> 0 or taken_cents <> 0 or other_cents <> 0
