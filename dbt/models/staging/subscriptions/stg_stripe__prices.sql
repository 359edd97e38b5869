with objects as (

    {{ newest_stripe_objects('price') }}

)

select
    object_id as price_id,
    payload ->> 'product' as product_id,
    payload -> 'recurring' ->> 'usage_type' as usage_type,
    payload -> 'recurring' ->> 'meter' as meter_id,
    payload as price
from objects
