{{ config(
    materialized='incremental',
    meta={'replaces': {'source_id': 'objects'}},
    indexes=[{'columns': ['source_id']}]
) }}

-- The same cents said twice by two of Stripe's objects, where they differ. One names the other: what touches one touches both.
with transactions as (

    select * from {{ ref('int_payments__balance_movements') }} where {{ touched('balance_transaction_id', 'objects') }}

),

charges as (

    select * from {{ ref('int_payments__charges') }} where is_succeeded and {{ touched('charge_id', 'objects') }}

),

charged as (

    select payment_intent_id, min(charge_id) as charge_id, sum(captured_cents) as captured_cents
    from charges
    where payment_intent_id is not null
    group by payment_intent_id

),

said_twice as (

    select
        'charge_and_balance_transaction' as check_name,
        charges.charge_id as object_id,
        charges.captured_cents as stated_cents,
        transactions.balance_transaction_id as other_id,
        transactions.amount_cents as other_cents
    from charges
    inner join transactions on charges.charge_id = transactions.source_id and transactions.type in ('charge', 'payment')
    union all
    select
        'refund_and_balance_transaction',
        refunds.refund_id,
        refunds.amount_cents,
        transactions.balance_transaction_id,
        -transactions.amount_cents
    from {{ ref('int_payments__refunds') }} as refunds
    inner join transactions on refunds.refund_id = transactions.source_id and transactions.type in ('refund', 'payment_refund')
    where {{ touched('refunds.refund_id', 'objects') }}
    union all
    select
        'payout_and_balance_transaction',
        payouts.payout_id,
        payouts.amount_cents,
        transactions.balance_transaction_id,
        -transactions.amount_cents
    from {{ ref('stg_stripe__payouts') }} as payouts
    inner join transactions on payouts.payout_id = transactions.source_id and transactions.type = 'payout'
    where {{ touched('payouts.payout_id', 'objects') }}
    union all
    select
        'payment_intent_and_charges',
        intents.payment_intent_id,
        intents.received_cents,
        charged.charge_id,
        charged.captured_cents
    from {{ ref('stg_stripe__payment_intents') }} as intents
    inner join charged on intents.payment_intent_id = charged.payment_intent_id
    where intents.status = 'succeeded' and {{ touched('intents.payment_intent_id', 'objects') }}

)

select
    said_twice.check_name,
    'stripe' as source_kind,
    stated.file_sha256,
    {{ stripe_position('stated.line_number') }} as position,
    said_twice.object_id as source_id,
    said_twice.stated_cents,
    'stripe' as other_kind,
    other.file_sha256 as other_file_sha256,
    {{ stripe_position('other.line_number') }} as other_position,
    cast(said_twice.other_cents as bigint) as other_cents,
    cast(stated.payload -> 'metadata' ->> 'visit_token' as uuid) as visit_token
from said_twice
-- Few differ, and the server takes it for nearly all of them: it looks these up a row at a time.
cross join lateral (
    select objects.*
    from {{ ref('stg_stripe__objects') }} as objects
    where said_twice.object_id = objects.object_id
    order by objects.object_id
    limit 1
) as stated
cross join lateral (
    select objects.*
    from {{ ref('stg_stripe__objects') }} as objects
    where said_twice.other_id = objects.object_id
    order by objects.object_id
    limit 1
) as other
where said_twice.stated_cents <> said_twice.other_cents
