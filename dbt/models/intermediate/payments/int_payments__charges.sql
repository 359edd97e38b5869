{{ config(
    materialized='incremental',
    meta={'replaces': {'charge_id': 'objects'}},
    indexes=[{'columns': ['charge_id'], 'unique': true}, {'columns': ['visit_token']}]
) }}

-- Charges with the visit they belong to (their own, else that of the intent or the invoice they pay) and what was given back.
with charges as (

    select * from {{ ref('stg_stripe__charges') }} where {{ touched('charge_id', 'objects') }}

),

intents as (

    select * from {{ ref('int_payments__intents') }} where {{ touched('payment_intent_id', 'objects') }}

),

links as (

    select * from {{ ref('int_payments__invoice_links') }} where {{ touched('payer_id', 'objects') }}

),

invoices as (

    select * from {{ ref('stg_stripe__invoices') }} where {{ touched('invoice_id', 'objects') }}

),

refunded as (

    select
        charge_id,
        sum(amount_cents) as refunded_cents
    from {{ ref('int_payments__refunds') }}
    where {{ touched('refund_id', 'objects') }}
    group by charge_id

)

select
    charges.charge_id,
    charges.created_at,
    charges.status,
    charges.status = 'succeeded' as is_succeeded,
    charges.amount_cents,
    charges.captured_cents,
    cast(coalesce(refunded.refunded_cents, 0) as bigint) as refunded_cents,
    charges.payment_intent_id,
    invoices_paid.invoice_id,
    invoices.subscription_id,
    coalesce(charges.customer_id, intents.customer_id, invoices.customer_id) as customer_id,
    coalesce(charges.memo_id, intents.memo_id) as memo_id,
    coalesce(charges.own_visit_token, intents.visit_token, invoices.own_visit_token) as visit_token
from charges
left join intents on charges.payment_intent_id = intents.payment_intent_id
left join links on charges.charge_id = links.payer_id
cross join lateral (select coalesce(links.invoice_id, intents.invoice_id) as invoice_id) as invoices_paid
left join invoices on invoices_paid.invoice_id = invoices.invoice_id
left join refunded on charges.charge_id = refunded.charge_id
