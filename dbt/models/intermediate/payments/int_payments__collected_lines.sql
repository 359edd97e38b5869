{{ config(
    materialized='incremental',
    meta={'replaces': {'source_id': 'objects'}},
    indexes=[{'columns': ['source_id'], 'unique': true}, {'columns': ['visit_token']}, {'columns': ["(coalesce(customer_id, ''))"]}]
) }}
{{- waits_for('int_touched__cash') }}

-- Cash from patients, an object a line: captured charges less refunds less lost disputes, what posts our memos included. What of it
-- pays the usage of a visit is a line of its own.
with charges as (

    select * from {{ ref('int_payments__charges') }} where {{ touched('charge_id', 'objects') }}

),

intents as (

    select * from {{ ref('int_payments__intents') }} where {{ touched('payment_intent_id', 'objects') }}

),

lines as (

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

),

of_usage as (

    select * from {{ ref('int_usage__cash') }} where {{ touched('object_id', 'objects') }}

),

taken as (

    select
        object_id,
        sum(amount_cents) as amount_cents
    from of_usage
    group by object_id

)

select
    lines.source_id,
    lines.source_kind,
    lines.visit_token,
    lines.subscription_id,
    lines.customer_id,
    lines.happened_at,
    cast(lines.amount_cents - coalesce(taken.amount_cents, 0) as bigint) as amount_cents
from lines
left join taken on lines.source_id = taken.object_id
union all
select source_id, source_kind, visit_token, subscription_id, customer_id, happened_at, amount_cents
from of_usage
