-- What each item of each version of a subscription brings a month at its list price, in cents, rounded once an item: a year is
-- 12 months and 52 weeks and 365 days. Usage is no run rate: 0. Empty where the price is not one amount a unit (tiers).
with versions as (

    select * from {{ ref('stg_stripe__subscription_versions') }}

),

prices as (

    select * from {{ ref('stg_stripe__prices') }}

),

items as (

    select
        versions.subscription_id,
        versions.valid_from,
        elements.item,
        coalesce(elements.item -> 'price' ->> 'id', elements.item -> 'plan' ->> 'id') as price_id,
        elements.position
    from versions
    cross join lateral jsonb_array_elements(versions.items) with ordinality as elements (item, position)

),

priced as (

    -- A price inside an item is the price as it was; what it does not say, the price itself does.
    select
        items.*,
        coalesce(prices.price, '{}') || coalesce(items.item -> 'price', '{}') as said,
        items.item -> 'plan' as plan,
        cast(coalesce(cast(items.item ->> 'quantity' as bigint), 1) as numeric) as quantity
    from items
    left join prices on items.price_id = prices.price_id

),

measured as (

    select
        priced.*,
        coalesce(recurrence.recurring ->> 'usage_type', 'licensed') = 'metered' as is_metered,
        cast(
            coalesce(said ->> 'unit_amount_decimal', said ->> 'unit_amount', plan ->> 'amount') as numeric
        ) as unit_cents,
        case said -> 'transform_quantity' ->> 'round'
            when 'up' then ceil(quantity / nullif(cast(said -> 'transform_quantity' ->> 'divide_by' as numeric), 0))
            when 'down' then floor(quantity / nullif(cast(said -> 'transform_quantity' ->> 'divide_by' as numeric), 0))
            else quantity
        end as units,
        case recurrence.recurring ->> 'interval' when 'month' then 12 when 'year' then 1 when 'week' then 52 when 'day' then 365
        end as times_a_year,
        nullif(
            coalesce(cast(recurrence.recurring ->> 'interval_count' as numeric), 1), 0
        ) as every
    from priced
    cross join lateral (select coalesce(said -> 'recurring', plan) as recurring) as recurrence

)

select
    subscription_id,
    valid_from,
    position,
    price_id,
    is_metered,
    case
        when is_metered then 0
        else {{ half_up('(unit_cents * units * times_a_year)', '(12 * every)') }}
    end as monthly_cents
from measured
