-- Both sides of each invoice of a subscription: what it asks for, and the days that this is for.
with demands as (

    select
        invoice_id,
        max(subscription_id) as subscription_id,
        max(customer_id) as customer_id,
        max(asked_on) filter (where kind = 'invoice') as invoiced_on,
        sum(amount_cents) filter (where kind = 'invoice') as invoiced_cents,
        coalesce(sum(amount_cents) filter (where kind = 'credit_note'), 0) as credited_cents
    from {{ ref('int_subscriptions__demands') }}
    group by invoice_id

),

services as (

    select
        invoice_id,
        min(first_on) as first_on,
        max(last_on) as last_on,
        coalesce(sum(amount_cents) filter (where known_from <> 'unknown'), 0) as placed_cents,
        string_agg(distinct known_from, ', ' order by known_from) filter (where known_from <> 'credit_note') as known_from
    from {{ ref('int_subscriptions__services') }}
    group by invoice_id

),

recognised as (

    select
        invoice_id,
        sum(amount_cents) as recognised_cents
    from {{ ref('int_subscriptions__recognised') }}
    group by invoice_id

)

select
    demands.invoice_id,
    demands.subscription_id,
    demands.customer_id,
    demands.invoiced_on,
    {{ period('demands.invoiced_on') }} as period,
    services.first_on,
    services.last_on,
    services.known_from,
    cast(demands.invoiced_cents as bigint) as invoiced_cents,
    cast(demands.credited_cents as bigint) as credited_cents,
    cast(services.placed_cents as bigint) as placed_cents,
    cast(demands.invoiced_cents + demands.credited_cents - services.placed_cents as bigint) as residual_cents,
    cast(coalesce(recognised.recognised_cents, 0) as bigint) as recognised_cents,
    cast(
        demands.invoiced_cents + demands.credited_cents - coalesce(recognised.recognised_cents, 0) as bigint
    ) as deferred_cents
from demands
inner join services on demands.invoice_id = services.invoice_id
left join recognised on demands.invoice_id = recognised.invoice_id
