with objects as (

    {{ newest_stripe_objects('balance_transaction') }}

)

select
    object_id as balance_transaction_id,
    {{ stripe_cents('net') }} as net_cents,
    payload ->> 'type' as type,
    payload ->> 'payout' as payout_id
from objects
