-- Usage to do anew, of all visits of a customer at once since one place on an invoice hangs on the others: customers whose usage
-- was sent or taken back since the run before, or became that of a visit of the books, and those with usage and an invoice that came.
with usage_before as (

    {{ as_it_was('intermediate', 'int_usage__lines', {'visit_token': 'uuid', 'customer_id': 'text'}) }}

),

usage as (

    select
        visit_token,
        customer_id
    from {{ ref('stg_ledger__usage') }}
    where {{ not flags.FULL_REFRESH }}

),

customers as (

    select coalesce(usage.customer_id, usage_before.customer_id) as customer_id
    from usage
    full outer join usage_before on usage.visit_token = usage_before.visit_token
    where usage.visit_token is null or usage_before.visit_token is null
    union
    select invoices.payload ->> 'customer'
    from {{ source('raw', 'stripe_object') }} as invoices
    where {{ not flags.FULL_REFRESH }} and invoices.object_type = 'invoice' and invoices.load_id > {{ since() }}
    union
    select invoices.payload ->> 'customer'
    from {{ source('ops', 'touched') }} as touched
    inner join {{ source('raw', 'stripe_object') }} as invoices on touched.key = invoices.object_id
    where {{ not flags.FULL_REFRESH }} and touched.kind = 'object' and invoices.object_type = 'invoice'

)

select
    visit_token,
    customer_id
from usage
where customer_id in (select customers.customer_id from customers)
union
select
    visit_token,
    customer_id
from usage_before
where customer_id in (select customers.customer_id from customers)
