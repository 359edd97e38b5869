with objects as (

    {{ newest_stripe_objects('credit_note') }}

)

select
    object_id as credit_note_id,
    {{ stripe_created() }} as created_at,
    payload ->> 'status' as status,
    coalesce({{ stripe_cents('total') }}, {{ stripe_cents('amount') }}) as amount_cents,
    payload ->> 'invoice' as invoice_id,
    {{ own_visit_token() }} as own_visit_token,
    {{ own_memo_id() }} as memo_id
from objects
