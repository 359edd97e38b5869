{{ config(
    materialized='incremental',
    meta={'replaces': {'payment_intent_id': 'objects'}},
    indexes=[{'columns': ['payment_intent_id'], 'unique': true}]
) }}

-- Payment intents with the visit they belong to: their own, else that of the invoice they pay.
with intents as (

    select * from {{ ref('stg_stripe__payment_intents') }} where {{ touched('payment_intent_id', 'objects') }}

),

links as (

    select * from {{ ref('int_payments__invoice_links') }} where {{ touched('payer_id', 'objects') }}

),

invoices as (

    select * from {{ ref('stg_stripe__invoices') }} where {{ touched('invoice_id', 'objects') }}

),

charged as (

    select distinct payment_intent_id
    from {{ ref('stg_stripe__charges') }}
    where payment_intent_id is not null and {{ touched('charge_id', 'objects') }}

)

select
    intents.payment_intent_id,
    intents.created_at,
    links.invoice_id,
    coalesce(intents.customer_id, invoices.customer_id) as customer_id,
    intents.memo_id,
    coalesce(intents.own_visit_token, invoices.own_visit_token) as visit_token,
    case
        when intents.status = 'succeeded' then intents.received_cents
        when intents.status = 'canceled' then 0
        when
            intents.status in ('processing', 'requires_capture')
            or charged.payment_intent_id is not null
            or intents.latest_charge_id is not null
            then intents.amount_cents
        else 0
    end as demanded_cents
from intents
left join links on intents.payment_intent_id = links.payer_id
left join invoices on links.invoice_id = invoices.invoice_id
left join charged on intents.payment_intent_id = charged.payment_intent_id
