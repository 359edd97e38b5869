-- What subscribers were invoiced for and not served for yet, from month to month. Every month has a row, also where nothing moved.
with settings as (

    select date_trunc('month', cast(as_of as timestamp)) as last_month from {{ ref('stg_ops__run_settings') }}

),

moves as (

    select
        cast(date_trunc('month', cast(asked_on as timestamp)) as date) as month,
        case when kind = 'invoice' then amount_cents else 0 end as invoiced_cents,
        case when kind = 'credit_note' then -amount_cents else 0 end as credited_cents,
        0 as recognised_cents
    from {{ ref('int_subscriptions__demands') }}
    union all
    select month, 0, 0, amount_cents
    from {{ ref('int_subscriptions__recognised') }}

),

months as (

    select cast(series.month as date) as month
    from settings
    cross join lateral generate_series(
        (select min(month) from moves), greatest(settings.last_month, (select max(month) from moves)), interval '1 month'
    ) as series (month)

),

sums as (

    select
        months.month,
        coalesce(sum(moves.invoiced_cents), 0) as invoiced_cents,
        coalesce(sum(moves.credited_cents), 0) as credited_cents,
        coalesce(sum(moves.recognised_cents), 0) as recognised_cents
    from months
    left join moves on months.month = moves.month
    group by months.month

),

balances as (

    select
        *,
        sum(invoiced_cents - credited_cents - recognised_cents) over (order by month) as closing_cents
    from sums

)

select
    {{ period('month') }} as period,
    cast(closing_cents - invoiced_cents + credited_cents + recognised_cents as bigint) as opening_cents,
    cast(invoiced_cents as bigint) as invoiced_cents,
    cast(credited_cents as bigint) as credited_cents,
    cast(recognised_cents as bigint) as recognised_cents,
    cast(closing_cents as bigint) as closing_cents
from balances
