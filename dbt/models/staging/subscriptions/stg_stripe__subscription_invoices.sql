{{ config(
    materialized='incremental',
    meta={'replaces': {'invoice_id': 'objects'}},
    indexes=[{'columns': ['invoice_id'], 'unique': true}]
) }}

-- Invoices of subscriptions, which stood on the invoice until API 2025-03-31 and stand under parent since. Asked for is one
-- that is neither a draft nor void. A demand is of the moment the invoice was finalised, what is given up of the one it was so marked.
with objects as (

    {{ newest_stripe_objects('invoice') }}

)

select
    object_id as invoice_id,
    payload ->> 'status' in ('open', 'paid', 'uncollectible') as is_asked_for,
    payload ->> 'status' = 'void' as is_void,
    case
        when payload ->> 'status' = 'uncollectible'
            then coalesce({{ status_time('marked_uncollectible_at') }}, {{ stripe_created() }})
    end as uncollectible_at,
    {{ stripe_cents('total') }} as total_cents,
    payload ->> 'customer' as customer_id,
    coalesce(
        payload ->> 'subscription',
        payload -> 'parent' -> 'subscription_details' ->> 'subscription'
    ) as subscription_id,
    coalesce({{ status_time('finalized_at') }}, {{ stripe_created() }}) as invoiced_at,
    {{ stripe_time('period_start') }} as period_starts_at,
    {{ stripe_time('period_end') }} as period_ends_at,
    case when jsonb_array_length(payload -> 'lines') > 0 then payload -> 'lines' end as lines,
    {{ own_visit_token() }} as own_visit_token,
    {{ own_memo_id() }} as memo_id
from objects
where
    (payload -> 'subscription' is not null or payload -> 'parent' -> 'subscription_details' -> 'subscription' is not null)
    and {{ touched('object_id', 'objects') }}
