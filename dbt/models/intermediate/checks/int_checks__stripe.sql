{{ config(materialized='view') }}

-- The same cents said twice in what Stripe returned, where the two differ: by two objects.
with objects as (

    select * from {{ ref('stg_stripe__objects') }}

),

transactions as (

    select
        object_id,
        payload ->> 'source' as source,
        payload ->> 'type' as type,
        {{ stripe_cents('amount') }} as amount_cents
    from objects
    where object_type = 'balance_transaction'

),

charged as (

    select
        payment_intent_id,
        min(charge_id) as charge_id,
        sum(captured_cents) as captured_cents
    from {{ ref('int_payments__charges') }}
    where is_succeeded and payment_intent_id is not null
    group by payment_intent_id

),

said_twice as (

    select
        'charge_and_balance_transaction' as check_name,
        charges.charge_id as object_id,
        charges.captured_cents as stated_cents,
        transactions.object_id as other_id,
        transactions.amount_cents as other_cents
    from {{ ref('int_payments__charges') }} as charges
    inner join transactions on charges.charge_id = transactions.source and transactions.type in ('charge', 'payment')
    where charges.is_succeeded
    union all
    select
        'refund_and_balance_transaction',
        refunds.refund_id,
        refunds.amount_cents,
        transactions.object_id,
        -transactions.amount_cents
    from {{ ref('int_payments__refunds') }} as refunds
    inner join transactions
        on refunds.refund_id = transactions.source
        and transactions.type in ('refund', 'payment_refund')
    union all
    select
        'payout_and_balance_transaction',
        payouts.payout_id,
        payouts.amount_cents,
        transactions.object_id,
        -transactions.amount_cents
    from {{ ref('stg_stripe__payouts') }} as payouts
    inner join transactions on payouts.payout_id = transactions.source and transactions.type = 'payout'
    union all
    select
        'payment_intent_and_charges',
        intents.payment_intent_id,
        intents.received_cents,
        charged.charge_id,
        charged.captured_cents
    from {{ ref('stg_stripe__payment_intents') }} as intents
    inner join charged on intents.payment_intent_id = charged.payment_intent_id
    where intents.status = 'succeeded'

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
inner join objects as stated on said_twice.object_id = stated.object_id
inner join objects as other on said_twice.other_id = other.object_id
where said_twice.stated_cents <> said_twice.other_cents
