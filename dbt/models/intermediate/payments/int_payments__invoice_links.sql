{{ config(
    materialized='incremental',
    meta={'replaces': {'payer_id': 'objects'}},
    indexes=[{'columns': ['payer_id'], 'unique': true}]
) }}

-- Which invoice an intent or a charge pays, in every shape the API has had: invoice on the intent or the charge, intent or
-- charge on the invoice (until 2025-03-31), invoice_payment (since). One invoice a payer of it: the smallest id.
with intents as (

    select * from {{ ref('stg_stripe__payment_intents') }} where {{ touched('payment_intent_id', 'objects') }}

),

charges as (

    select * from {{ ref('stg_stripe__charges') }} where {{ touched('charge_id', 'objects') }}

),

invoices as (

    select * from {{ ref('stg_stripe__invoices') }} where {{ touched('invoice_id', 'objects') }}

),

invoice_payments as (

    select * from {{ ref('stg_stripe__invoice_payments') }} where {{ touched('invoice_payment_id', 'objects') }}

),

links as (

    select payment_intent_id as payer_id, invoice_id from intents
    union all
    select charge_id, invoice_id from charges
    union all
    select payment_intent_id, invoice_id from charges
    union all
    select payment_intent_id, invoice_id from invoices
    union all
    select charge_id, invoice_id from invoices
    union all
    select payment_intent_id, invoice_id from invoice_payments
    union all
    select charge_id, invoice_id from invoice_payments

)

select
    payer_id,
    min(invoice_id) as invoice_id
from links
where payer_id is not null and invoice_id is not null
group by payer_id
