{{ config(indexes=[{'columns': ['usage_id'], 'unique': true}, {'columns': ['visit_token']}]) }}
{{- waits_for('int_touched__visits') }}

-- Usage of visits, a visit a row, and the line of the subscription's invoice that asks for it: of its price and period, each line
-- for as many visits as it counts, by the time they ended. None while there is no such invoice. What is credited for a visit on
-- its invoice, or posts a memo there, is not expected to be paid. On a void invoice usage is asked of nobody: Stripe counts a
-- period once, so that it comes on no other invoice by itself.
with invoices as (

    select *
    from {{ ref('stg_stripe__subscription_invoices') }}
    where (is_asked_for or is_void) and memo_id is null and own_visit_token is null

),

lines as (

    select
        prices.service_category,
        invoices.customer_id,
        invoices.invoiced_at,
        invoices.is_void,
        lines.invoice_id,
        lines.line_number,
        lines.quantity,
        lines.period_starts_at,
        lines.period_ends_at
    from {{ ref('stg_ledger__metered_prices') }} as prices
    inner join invoices on prices.subscription_id = invoices.subscription_id
    inner join {{ ref('stg_stripe__invoice_lines') }} as lines
        on invoices.invoice_id = lines.invoice_id
        and prices.price_id = lines.price_id

),

placed as (

    select distinct on (usage.visit_token)
        usage.*,
        lines.invoice_id,
        lines.line_number,
        lines.quantity,
        coalesce(lines.is_void, false) as is_void
    from {{ ref('stg_ledger__usage') }} as usage
    left join lines
        on usage.customer_id = lines.customer_id
        and usage.service_category = lines.service_category
        and date_trunc('second', usage.ended_at) >= lines.period_starts_at
        and date_trunc('second', usage.ended_at) < lines.period_ends_at
    order by usage.visit_token, lines.is_void, lines.invoiced_at, lines.invoice_id, lines.line_number

),

counted as (

    select
        *,
        is_void
        or row_number() over (partition by invoice_id, line_number order by ended_at, visit_token) <= quantity as is_placed
    from placed

),

credited as (

    select
        invoice_id,
        own_visit_token as visit_token,
        sum(amount_cents) as amount_cents
    from {{ ref('stg_stripe__credit_notes') }}
    where status is distinct from 'void' and own_visit_token is not null
    group by invoice_id, own_visit_token

)

select
    'meter:' || counted.visit_token as usage_id,
    counted.visit_token,
    counted.customer_id,
    counted.ended_at,
    counted.amount_cents,
    counted.is_void,
    case when counted.is_placed then counted.invoice_id end as invoice_id,
    case when counted.is_placed then counted.line_number end as line_number,
    cast(
        case when counted.is_void then 0 else greatest(counted.amount_cents - coalesce(credited.amount_cents, 0), 0) end as bigint
    ) as expected_cents
from counted
left join credited
    on counted.invoice_id = credited.invoice_id
    and counted.visit_token = credited.visit_token
