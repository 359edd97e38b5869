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

)

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
