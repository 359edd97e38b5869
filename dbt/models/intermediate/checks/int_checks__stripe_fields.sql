{{ config(materialized='view') }}

-- The same cents said twice by two fields of one Stripe object, where the two differ.
with objects as (

    select * from {{ ref('stg_stripe__objects') }}

),

said_twice as (

    select
        'balance_transaction_and_its_net' as check_name,
        object_id,
        {{ stripe_cents('amount') }} as stated_cents,
        {{ stripe_cents('net') }} + {{ stripe_cents('fee') }} as other_cents
    from objects
    where object_type = 'balance_transaction'
    union all
    select
        'invoice_and_what_is_due',
        object_id,
        {{ stripe_cents('amount_due') }},
        {{ stripe_cents('amount_paid') }}
        + {{ stripe_cents('amount_remaining') }}
        + coalesce({{ stripe_cents('pre_payment_credit_notes_amount') }}, 0)
    from objects
    where object_type = 'invoice' and payload ->> 'status' in ('open', 'paid', 'uncollectible')
    union all
    select
        'invoice_and_its_total',
        object_id,
        {{ stripe_cents('total') }},
        {{ stripe_cents('amount_due') }}
    from objects
    where
        object_type = 'invoice'
        and payload ->> 'status' in ('open', 'paid', 'uncollectible')
        and coalesce({{ stripe_cents('starting_balance') }}, 0) = 0
        and coalesce({{ stripe_cents('ending_balance') }}, 0) = 0
    union all
    select
        'credit_note_and_its_parts',
        object_id,
        {{ stripe_cents('amount') }},
        {{ stripe_cents('pre_payment_amount') }} + {{ stripe_cents('post_payment_amount') }}
    from objects
    where object_type = 'credit_note'

)

select
    said_twice.check_name,
    'stripe' as source_kind,
    objects.file_sha256,
    {{ stripe_position('objects.line_number') }} as position,
    said_twice.object_id as source_id,
    said_twice.stated_cents,
    'stripe' as other_kind,
    objects.file_sha256 as other_file_sha256,
    {{ stripe_position('objects.line_number') }} as other_position,
    said_twice.other_cents,
    cast(objects.payload -> 'metadata' ->> 'visit_token' as uuid) as visit_token
from said_twice
inner join objects on said_twice.object_id = objects.object_id
where said_twice.stated_cents <> said_twice.other_cents
