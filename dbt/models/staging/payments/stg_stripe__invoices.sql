{{ config(
    materialized='incremental',
    meta={'replaces': {'invoice_id': 'objects'}},
    indexes=[{'columns': ['invoice_id'], 'unique': true}, {'columns': ['is_uncollectible']}]
) }}

-- An invoice is finalised when it is neither a draft nor deleted; void ones ask for nothing. Its subscription stood on the
-- invoice until API 2025-03-31 and stands under parent since.
with objects as (

    {{ newest_stripe_objects('invoice') }}

)

select
    object_id as invoice_id,
    payload ->> 'status' in ('open', 'paid', 'uncollectible') as is_asked_for,
    payload ->> 'status' = 'uncollectible' as is_uncollectible,
    coalesce({{ status_time('finalized_at') }}, {{ stripe_created() }}) as finalized_at,
    coalesce({{ status_time('marked_uncollectible_at') }}, {{ stripe_created() }}) as uncollectible_at,
    {{ stripe_cents('total') }} as total_cents,
    coalesce(
        {{ stripe_cents('amount_remaining') }},
        {{ stripe_cents('total') }} - coalesce({{ stripe_cents('amount_paid') }}, 0)
    ) as remaining_cents,
    payload ->> 'payment_intent' as payment_intent_id,
    payload ->> 'charge' as charge_id,
    coalesce(
        payload ->> 'subscription',
        payload -> 'parent' -> 'subscription_details' ->> 'subscription'
    ) as subscription_id,
    payload ->> 'customer' as customer_id,
    {{ own_visit_token() }} as own_visit_token,
    {{ own_memo_id() }} as memo_id
from objects
where {{ touched('object_id', 'objects') }}
