-- Since API 2025-03-31 the only link between an invoice and what pays it.
with objects as (

    {{ newest_stripe_objects('invoice_payment') }}

)

select
    object_id as invoice_payment_id,
    payload ->> 'invoice' as invoice_id,
    payload -> 'payment' ->> 'payment_intent' as payment_intent_id,
    payload -> 'payment' ->> 'charge' as charge_id
from objects
