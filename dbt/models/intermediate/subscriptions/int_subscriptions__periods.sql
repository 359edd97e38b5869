-- The period a subscription was in when an invoice of it without lines was made, as any version of the subscription says it
-- (on its items since API 2025-03-31, on itself before). The longest, where items differ.
with invoices as (

    select * from {{ ref('stg_stripe__subscription_invoices') }} where lines is null

),

periods as (

    select distinct
        versions.subscription_id,
        {{ stripe_time_at("items.item ->> 'current_period_start'") }} as starts_at,
        {{ stripe_time_at("items.item ->> 'current_period_end'") }} as ends_at
    from {{ ref('stg_stripe__subscription_versions') }} as versions
    cross join lateral jsonb_array_elements(versions.items || jsonb_build_array(versions.own_period)) as items (item)

)

select distinct on (invoices.invoice_id)
    invoices.invoice_id,
    periods.starts_at,
    periods.ends_at
from invoices
inner join periods
    on invoices.subscription_id = periods.subscription_id
    and invoices.invoiced_at >= periods.starts_at
    and invoices.invoiced_at < periods.ends_at
order by invoices.invoice_id, periods.ends_at - periods.starts_at desc, periods.starts_at
