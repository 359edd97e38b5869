{{ config(
    materialized='incremental',
    meta={'replaces': {'source_id': 'objects'}},
    indexes=[{'columns': ['source_id'], 'unique': true}, {'columns': ['visit_token']}, {'columns': ["(coalesce(customer_id, ''))"]}]
) }}
{{- waits_for('int_touched__cash') }}

-- Cash from patients, an object a line: captured charges less refunds less lost disputes, what posts our memos included.
with charges as (

    select * from {{ ref('int_payments__charges') }} where {{ touched('charge_id', 'objects') }}

),

intents as (

    select * from {{ ref('int_payments__intents') }} where {{ touched('payment_intent_id', 'objects') }}

)

select
    charge_id as source_id,
    'charge' as source_kind,
    visit_token,
    subscription_id,
    customer_id,
    created_at as happened_at,
    captured_cents as amount_cents
from charges
where is_succeeded
union all
select
    refunds.refund_id,
    'refund',
    coalesce(refunds.own_visit_token, charges.visit_token, intents.visit_token),
    charges.subscription_id,
    coalesce(charges.customer_id, intents.customer_id),
    refunds.created_at,
    -refunds.amount_cents
from {{ ref('int_payments__refunds') }} as refunds
left join charges on refunds.charge_id = charges.charge_id
left join intents on refunds.payment_intent_id = intents.payment_intent_id
where {{ touched('refunds.refund_id', 'objects') }}
union all
select
    disputes.dispute_id,
    'dispute',
    coalesce(disputes.own_visit_token, charges.visit_token, intents.visit_token),
    charges.subscription_id,
    coalesce(charges.customer_id, intents.customer_id),
    disputes.created_at,
    -disputes.amount_cents
from {{ ref('stg_stripe__disputes') }} as disputes
left join charges on disputes.charge_id = charges.charge_id
left join intents on disputes.payment_intent_id = intents.payment_intent_id
where disputes.status = 'lost' and {{ touched('disputes.dispute_id', 'objects') }}
