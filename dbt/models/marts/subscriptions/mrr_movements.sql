-- The run rate of subscriptions from month end to month end, and why it moved. Every month from the first to that of the run
-- has a row, also where nothing moved.
with settings as (

    select date_trunc('month', cast(as_of as timestamp)) as last_month from {{ ref('stg_ops__run_settings') }}

),

customer_months as (

    select * from {{ ref('int_subscriptions__customer_months') }}

),

months as (

    select cast(series.month as date) as month
    from settings
    cross join lateral generate_series(
        (select min(month) from customer_months), settings.last_month, interval '1 month'
    ) as series (month)

),

sums as (

    select
        month,
        sum(opening_cents) as opening_cents,
        sum(closing_cents) as closing_cents,
        sum(closing_cents - opening_cents) filter (where movement = 'new') as new_cents,
        sum(closing_cents - opening_cents) filter (where movement = 'expansion') as expansion_cents,
        sum(closing_cents - opening_cents) filter (where movement = 'reactivation') as reactivation_cents,
        sum(opening_cents - closing_cents) filter (where movement = 'contraction') as contraction_cents,
        sum(opening_cents - closing_cents) filter (where movement = 'churn') as churn_cents,
        count(*) filter (where closing_cents > 0) as customers,
        sum(subscriptions) as subscriptions,
        sum(unpriced_items) as unpriced_items
    from customer_months
    group by month

),

now as (

    select
        {{ period('months.month') }} as period,
        cast(coalesce(sums.opening_cents, 0) as bigint) as opening_cents,
        cast(coalesce(sums.new_cents, 0) as bigint) as new_cents,
        cast(coalesce(sums.expansion_cents, 0) as bigint) as expansion_cents,
        cast(coalesce(sums.reactivation_cents, 0) as bigint) as reactivation_cents,
        cast(coalesce(sums.contraction_cents, 0) as bigint) as contraction_cents,
        cast(coalesce(sums.churn_cents, 0) as bigint) as churn_cents,
        cast(coalesce(sums.closing_cents, 0) as bigint) as closing_cents,
        coalesce(sums.customers, 0) as customers,
        cast(coalesce(sums.subscriptions, 0) as bigint) as subscriptions,
        cast(coalesce(sums.unpriced_items, 0) as bigint) as unpriced_items
    from months
    left join sums on months.month = sums.month

),

-- A closed month keeps its closing, and the next one opens with that: what moved it since counts where it is open.
published as (

    select
        to_char(to_date(period, 'YYYY-MM') + interval '1 month', 'YYYY-MM') as next_period,
        cast(figure ->> 'closing_cents' as bigint) as closing_cents
    from {{ source('ledger', 'standing_figure') }}
    where table_name = 'mrr_movements'

),

carried as (

    select
        now.period,
        coalesce(published.closing_cents, now.opening_cents) as opening_cents,
        now.new_cents,
        now.expansion_cents + coalesce(greatest(now.opening_cents - published.closing_cents, 0), 0) as expansion_cents,
        now.reactivation_cents,
        now.contraction_cents + coalesce(greatest(published.closing_cents - now.opening_cents, 0), 0) as contraction_cents,
        now.churn_cents,
        now.closing_cents,
        now.customers,
        now.subscriptions,
        now.unpriced_items
    from now
    left join published on now.period = published.next_period

)

{{ closed_months_stay('carried') }}
