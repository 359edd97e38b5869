{{ config(
    materialized='incremental',
    meta={'replaces': {'source_id': 'objects'}},
    indexes=[{'columns': ['source_id']}]
) }}

-- The same cents said twice by two fields of one Stripe object, where the two differ.
with objects as (

    select
        *,
        {{ stripe_cents('amount') }} as amount_cents,
        {{ stripe_cents('amount_due') }} as due_cents
    from {{ ref('stg_stripe__objects') }}
    where object_type in ('balance_transaction', 'invoice', 'credit_note') and {{ touched('object_id', 'objects') }}

)

select
    checks.check_name,
    'stripe' as source_kind,
    objects.file_sha256,
    {{ stripe_position('objects.line_number') }} as position,
    objects.object_id as source_id,
    checks.stated_cents,
    'stripe' as other_kind,
    objects.file_sha256 as other_file_sha256,
    {{ stripe_position('objects.line_number') }} as other_position,
    checks.other_cents,
    cast(payload -> 'metadata' ->> 'visit_token' as uuid) as visit_token
from objects
cross join lateral (
    select
        'balance_transaction_and_its_net' as check_name,
        amount_cents as stated_cents,
        {{ stripe_cents('net') }} + {{ stripe_cents('fee') }} as other_cents
    where object_type = 'balance_transaction'
    union all
    select
        'invoice_and_what_is_due',
        due_cents,
        {{ stripe_cents('amount_paid') }}
        + {{ stripe_cents('amount_remaining') }}
        + coalesce({{ stripe_cents('pre_payment_credit_notes_amount') }}, 0)
    where object_type = 'invoice' and payload ->> 'status' in ('open', 'paid', 'uncollectible')
    union all
    select
        'invoice_and_its_total',
        {{ stripe_cents('total') }},
        due_cents
    where
        object_type = 'invoice'
        and payload ->> 'status' in ('open', 'paid', 'uncollectible')
        and coalesce({{ stripe_cents('starting_balance') }}, 0) = 0
        and coalesce({{ stripe_cents('ending_balance') }}, 0) = 0
    union all
    select
        'credit_note_and_its_parts',
        amount_cents,
        {{ stripe_cents('pre_payment_amount') }} + {{ stripe_cents('post_payment_amount') }}
    where object_type = 'credit_note'
) as checks
where checks.stated_cents <> checks.other_cents
