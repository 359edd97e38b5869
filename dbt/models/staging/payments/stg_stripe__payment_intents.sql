{{ config(
    materialized='incremental',
    meta={'replaces': {'payment_intent_id': 'objects'}},
    indexes=[{'columns': ['payment_intent_id'], 'unique': true}]
) }}

with objects as (

    {{ newest_stripe_objects('payment_intent') }}

)

select
    object_id as payment_intent_id,
    {{ stripe_created() }} as created_at,
    payload ->> 'status' as status,
    {{ stripe_cents('amount') }} as amount_cents,
    {{ stripe_cents('amount_received') }} as received_cents,
    payload ->> 'latest_charge' as latest_charge_id,
    payload ->> 'invoice' as invoice_id,
    payload ->> 'customer' as customer_id,
    {{ own_visit_token() }} as own_visit_token,
    {{ own_memo_id() }} as memo_id
from objects
where {{ touched('object_id', 'objects') }}
