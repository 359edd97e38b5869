-- The Stripe balance from day to day and from month to month, by what moved it. Days and months without a movement have a row.
with movements as (

    select
        *,
        cast(account as text) as kind
    from {{ ref('int_payments__balance_sums') }}

),

by_day as (

    select
        effective_on as day,
        coalesce(sum(amount_cents) filter (where kind = 'stripe_pending' and type in ('charge', 'payment')), 0) as charges_cents,
        coalesce(
            sum(amount_cents) filter (where kind = 'stripe_pending' and type not in ('charge', 'payment')), 0
        ) as refunds_cents,
        coalesce(sum(amount_cents) filter (where kind = 'disputes'), 0) as disputes_cents,
        coalesce(sum(amount_cents) filter (where kind = 'processor_fees'), 0) - sum(fee_cents) as fees_cents,
        coalesce(sum(amount_cents) filter (where kind = 'payouts_in_transit'), 0) as payouts_cents,
        coalesce(sum(amount_cents) filter (where kind = 'stripe_reserve'), 0) as reserves_cents,
        coalesce(
            sum(amount_cents) filter (
                where kind not in ('stripe_pending', 'disputes', 'processor_fees', 'payouts_in_transit', 'stripe_reserve')
            ), 0
        ) as other_cents,
        sum(net_cents - amount_cents + fee_cents) as unexplained_cents,
        sum(net_cents) as net_cents,
        sum(transactions) as transactions
    from movements
    group by effective_on

),

grains (grain, step) as (

    values ('day', interval '1 day'), ('month', interval '1 month')

),

spans as (

    select
        grains.grain,
        cast(series.start as date) as starts_on
    from grains
    cross join lateral generate_series(
        date_trunc(grains.grain, cast((select min(day) from by_day) as timestamp)),
        cast((select max(day) from by_day) as timestamp),
        grains.step
    ) as series (start)

),

-- By the day a span starts, not by the days within it: two ranges would be compared day by day.
spent as (

    select
        grains.grain,
        cast(date_trunc(grains.grain, cast(by_day.day as timestamp)) as date) as starts_on,
        by_day.*
    from by_day
    cross join grains

),

sums as (

    select
        spans.grain,
        spans.starts_on,
        {% for figure in ['charges', 'refunds', 'disputes', 'fees', 'payouts', 'reserves', 'other', 'unexplained', 'net'] -%}
        cast(coalesce(sum(spent.{{ figure }}_cents), 0) as bigint) as {{ figure }}_cents,
        {% endfor -%}
        cast(coalesce(sum(spent.transactions), 0) as bigint) as transactions
    from spans
    left join spent on spans.grain = spent.grain and spans.starts_on = spent.starts_on
    group by spans.grain, spans.starts_on

)

select
    grain,
    starts_on,
    {{ period('starts_on') }} as period,
    cast(sum(net_cents) over so_far - net_cents as bigint) as opening_cents,
    charges_cents,
    refunds_cents,
    disputes_cents,
    fees_cents,
    payouts_cents,
    reserves_cents,
    other_cents,
    unexplained_cents,
    cast(sum(net_cents) over so_far as bigint) as closing_cents,
    transactions
from sums
window so_far as (partition by grain order by starts_on)
