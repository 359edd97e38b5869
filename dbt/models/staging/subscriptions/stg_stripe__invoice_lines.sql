-- What an invoice of a subscription asks for, a line a row, in both shapes: since API 2025-03-31 price and subscription item
-- stand by their ids under pricing and parent. An amount is less its discounts. Whether it is usage, the line said once;
-- since then its price does.
with lines as (

    select
        invoices.invoice_id,
        cast(elements.position as integer) as line_number,
        elements.line,
        invoices.own_visit_token as visit_token_of_invoice,
        coalesce(
            elements.line -> 'price' ->> 'id',
            elements.line -> 'pricing' -> 'price_details' ->> 'price',
            elements.line -> 'plan' ->> 'id'
        ) as price_id
    from {{ ref('stg_stripe__subscription_invoices') }} as invoices
    cross join lateral jsonb_array_elements(invoices.lines) with ordinality as elements (line, position)

),

discounts as (

    select
        lines.invoice_id,
        lines.line_number,
        sum(cast(taken.discount ->> 'amount' as bigint)) as cents
    from lines
    cross join lateral jsonb_array_elements(lines.line -> 'discount_amounts') as taken (discount)
    group by lines.invoice_id, lines.line_number

),

prices as (

    select * from {{ ref('stg_stripe__prices') }}

)

select
    lines.invoice_id,
    lines.line_number,
    lines.line ->> 'id' as line_id,
    lines.price_id,
    cast(lines.line ->> 'quantity' as bigint) as quantity,
    cast(coalesce(cast(lines.line ->> 'amount' as bigint), 0) - coalesce(discounts.cents, 0) as bigint) as amount_cents,
    {{ stripe_time_at("lines.line -> 'period' ->> 'start'") }} as period_starts_at,
    {{ stripe_time_at("lines.line -> 'period' ->> 'end'") }} as period_ends_at,
    coalesce(
        lines.line ->> 'subscription_item',
        lines.line -> 'parent' -> 'subscription_item_details' ->> 'subscription_item'
    ) as subscription_item_id,
    coalesce(
        lines.line -> 'price' -> 'recurring' ->> 'meter', lines.line -> 'plan' ->> 'meter', prices.meter_id
    ) as meter_id,
    coalesce(
        lines.line -> 'price' -> 'recurring' ->> 'usage_type',
        lines.line -> 'plan' ->> 'usage_type',
        prices.usage_type,
        'licensed'
    ) = 'metered' as is_metered,
    coalesce(cast(lines.line -> 'metadata' ->> 'visit_token' as uuid), lines.visit_token_of_invoice) as visit_token
from lines
left join prices on lines.price_id = prices.price_id
left join discounts on lines.invoice_id = discounts.invoice_id and lines.line_number = discounts.line_number
