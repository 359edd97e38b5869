-- The metered prices of the subscriptions we made, by the category of visits they are for.
select
    subscribers.stripe_subscription_id as subscription_id,
    cast(substring(prices.name from '^price_([0-9]+)$') as smallint) as service_category,
    prices.price_id
from {{ source('ledger', 'subscriber') }} as subscribers
cross join lateral jsonb_each_text(subscribers.outcome -> 'facts') as prices (name, price_id)
where prices.name ~ '^price_[0-9]+$'
