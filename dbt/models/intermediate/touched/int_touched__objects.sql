-- Stripe objects to do anew: those that came, and all that is linked with them by any version, since an amount of one may hang
-- on each of the others (a refund on its charge, that on its intent, that on its invoice). Usage and what was paid for it have ids
-- of their own; the invoices of its customers are done with it.
with recursive usage as (

    select * from {{ ref('int_touched__usage') }}

),

usage_cash_before as (

    {{ as_it_was('intermediate', 'int_usage__cash', {'source_id': 'text', 'object_id': 'text'}) }}

),

invoices_before as (

    {{ as_it_was('staging', 'stg_stripe__subscription_invoices', {'invoice_id': 'text', 'customer_id': 'text'}) }}

),

arrived as (

    select object_id
    from {{ source('raw', 'stripe_object') }}
    where load_id > {{ since() }}
    union
    select key
    from {{ source('ops', 'touched') }}
    where kind = 'object'
    union
    select 'meter:' || visit_token
    from usage
    union
    select invoices_before.invoice_id
    from invoices_before
    where invoices_before.customer_id in (select usage.customer_id from usage)

),

links as (

    select
        object_id,
        named_id
    from {{ ref('int_payments__named_objects') }}

),

reached as (

    select object_id
    from arrived
    where {{ not flags.FULL_REFRESH }}
    union
    select neighbours.object_id
    from reached
    cross join lateral (
        select links.named_id as object_id
        from links
        where links.object_id = reached.object_id
        union all
        select links.object_id
        from links
        where links.named_id = reached.object_id
    ) as neighbours

)

select object_id
from reached
union
select usage_cash_before.source_id
from usage_cash_before
inner join reached on usage_cash_before.object_id = reached.object_id
