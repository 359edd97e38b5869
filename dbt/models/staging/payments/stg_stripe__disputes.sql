with objects as (

    {{ newest_stripe_objects('dispute') }}

)

select
    object_id as dispute_id,
    {{ stripe_created() }} as created_at,
    payload ->> 'status' as status,
    {{ stripe_cents('amount') }} as amount_cents,
    payload ->> 'charge' as charge_id,
    payload ->> 'payment_intent' as payment_intent_id,
    {{ own_visit_token() }} as own_visit_token
from objects
