-- Usage on an invoice of a subscription that Stripe was told not to expect any more, and what its visit has not paid.
with paid as (

    select
        visit_token,
        sum(amount_cents) as amount_cents
    from {{ ref('int_usage__cash') }}
    group by visit_token

),

given_up as (

    select
        lines.usage_id,
        lines.visit_token,
        invoices.uncollectible_at,
        cast(lines.expected_cents - coalesce(paid.amount_cents, 0) as bigint) as remaining_cents
    from {{ ref('int_usage__lines') }} as lines
    inner join {{ ref('stg_stripe__subscription_invoices') }} as invoices on lines.invoice_id = invoices.invoice_id
    left join paid on lines.visit_token = paid.visit_token
    where invoices.uncollectible_at is not null

)

select * from given_up where remaining_cents <> 0
