{{ config(
    materialized='incremental',
    meta={'replaces': {'refund_id': 'objects'}},
    indexes=[{'columns': ['refund_id'], 'unique': true}]
) }}

-- Succeeded refunds with the charge they give back: the one they name, else the succeeded charge of their intent.
with refunds as (

    select * from {{ ref('stg_stripe__refunds') }} where {{ touched('refund_id', 'objects') }} and status = 'succeeded'

),

succeeded_charges as (

    select
        payment_intent_id,
        min(charge_id) as charge_id
    from {{ ref('stg_stripe__charges') }}
    where status = 'succeeded' and payment_intent_id is not null and {{ touched('charge_id', 'objects') }}
    group by payment_intent_id

)

select
    refunds.refund_id,
    refunds.created_at,
    refunds.amount_cents,
    refunds.own_visit_token,
    refunds.memo_id,
    refunds.payment_intent_id,
    coalesce(refunds.charge_id, succeeded_charges.charge_id) as charge_id
from refunds
left join succeeded_charges on refunds.payment_intent_id = succeeded_charges.payment_intent_id
