with objects as (

    {{ newest_stripe_objects('balance_transaction') }}

)

select
    object_id as balance_transaction_id,
    {{ stripe_created() }} as created_at,
    {{ stripe_cents('amount') }} as amount_cents,
    {{ stripe_cents('fee') }} as fee_cents,
    {{ stripe_cents('net') }} as net_cents,
    payload ->> 'type' as type,
    payload ->> 'reporting_category' as reporting_category,
    payload ->> 'source' as source_id,
    payload ->> 'payout' as payout_id
from objects
