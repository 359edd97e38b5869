{{ config(
    materialized='incremental',
    meta={'replaces': {'charge_id': 'objects'}},
    indexes=[{'columns': ['charge_id'], 'unique': true}]
) }}

-- captured_cents: the part of a charge that was really taken. Shapes without amount_captured say captured or not.
with objects as (

    {{ newest_stripe_objects('charge') }}

)

select
    object_id as charge_id,
    {{ stripe_created() }} as created_at,
    payload ->> 'status' as status,
    {{ stripe_cents('amount') }} as amount_cents,
    case
        when payload ->> 'amount_captured' is not null then {{ stripe_cents('amount_captured') }}
        when cast(payload ->> 'captured' as boolean) then {{ stripe_cents('amount') }}
        else 0
    end as captured_cents,
    payload ->> 'payment_intent' as payment_intent_id,
    payload ->> 'invoice' as invoice_id,
    payload ->> 'customer' as customer_id,
    {{ own_visit_token() }} as own_visit_token,
    {{ own_memo_id() }} as memo_id
from objects
where {{ touched('object_id', 'objects') }}
