with objects as (

    {{ newest_stripe_objects('payout') }}

)

select
    object_id as payout_id,
    {{ stripe_cents('amount') }} as amount_cents,
    cast(payload ->> 'automatic' as boolean) as is_automatic
from objects
