{{ config(
    materialized='incremental',
    meta={'replaces': {'refund_id': 'objects'}},
    indexes=[{'columns': ['refund_id'], 'unique': true}]
) }}

with objects as (

    {{ newest_stripe_objects('refund') }}

)

select
    object_id as refund_id,
    {{ stripe_created() }} as created_at,
    payload ->> 'status' as status,
    {{ stripe_cents('amount') }} as amount_cents,
    payload ->> 'charge' as charge_id,
    payload ->> 'payment_intent' as payment_intent_id,
    {{ own_visit_token() }} as own_visit_token,
    {{ own_memo_id() }} as memo_id
from objects
where {{ touched('object_id', 'objects') }}
