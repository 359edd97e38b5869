with objects as (

    {{ newest_stripe_objects('payout') }}

)

select
    object_id as payout_id,
    {{ stripe_created() }} as created_at,
    {{ stripe_cents('amount') }} as amount_cents,
    payload ->> 'status' as status,
    -- Stripe gives the day as its midnight in UTC.
    cast({{ stripe_time('arrival_date') }} at time zone 'UTC' as date) as arrives_on,
    cast(payload ->> 'automatic' as boolean) as is_automatic
from objects
