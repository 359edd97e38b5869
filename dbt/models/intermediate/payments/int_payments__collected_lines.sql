{{ config(
    materialized='incremental',
    meta={'replaces': {'source_id': 'objects'}},
    indexes=[{'columns': ['source_id'], 'unique': true}, {'columns': ['visit_token']}, {'columns': ['paid_on']},
             {'columns': ["(coalesce(customer_id, ''))"]}]
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

taken_back as (

    select
        refund_id as source_id,
        'refund' as source_kind,
        own_visit_token,
        charge_id,
        payment_intent_id,
        created_at,
        amount_cents
    from {{ ref('int_payments__refunds') }}
    where {{ touched('refund_id', 'objects') }}
    union all
    select dispute_id, 'dispute', own_visit_token, charge_id, payment_intent_id, created_at, amount_cents
    from {{ ref('stg_stripe__disputes') }}
    where status = 'lost' and {{ touched('dispute_id', 'objects') }}

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
        taken_back.source_id,
        taken_back.source_kind,
        coalesce(taken_back.own_visit_token, charges.visit_token, intents.visit_token),
        charges.subscription_id,
        coalesce(charges.customer_id, intents.customer_id),
        taken_back.created_at,
        -taken_back.amount_cents
    from taken_back
    left join charges on taken_back.charge_id = charges.charge_id
    left join intents on taken_back.payment_intent_id = intents.payment_intent_id

),

of_usage as (

    select * from {{ ref('int_usage__cash') }} where {{ touched('object_id', 'objects') }}

),

taken as (

    select object_id, sum(amount_cents) as amount_cents
    from of_usage
    group by object_id

),

parts as (

    select
        lines.source_id, lines.source_kind, lines.visit_token, lines.subscription_id, lines.customer_id, lines.happened_at,
        cast(lines.amount_cents - coalesce(taken.amount_cents, 0) as bigint) as amount_cents
    from lines
    left join taken on lines.source_id = taken.object_id
    union all
    select source_id, source_kind, visit_token, subscription_id, customer_id, happened_at, amount_cents
    from of_usage

)

select
    parts.*,
    {{ local_date('parts.happened_at', 'settings.timezone') }} as paid_on
from parts
cross join {{ ref('stg_ops__run_settings') }} as settings
