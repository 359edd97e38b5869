-- What the invoices of subscriptions ask for, by line, with the period each line is for and where that is known from. An invoice
-- without lines is for the period its subscription was in, else for its own; where neither is known, for none. What a line asks
-- for usage of visits is theirs.
with invoices as (

    select
        demands.invoice_id,
        demands.amount_cents,
        invoices.lines is not null as has_lines,
        invoices.period_starts_at,
        invoices.period_ends_at
    from {{ ref('int_subscriptions__demands') }} as demands
    inner join {{ ref('stg_stripe__subscription_invoices') }} as invoices on demands.source_id = invoices.invoice_id

),

periods as (

    select * from {{ ref('int_subscriptions__periods') }}

),

of_visits as (

    select
        invoice_id,
        line_number,
        sum(amount_cents) as amount_cents
    from {{ ref('int_usage__lines') }}
    group by invoice_id, line_number

),

asked as (

    select
        lines.invoice_id,
        lines.invoice_id || '/' || lines.line_number as service_id,
        'line' as known_from,
        lines.is_metered,
        cast(lines.amount_cents - coalesce(of_visits.amount_cents, 0) as bigint) as amount_cents,
        lines.period_starts_at as starts_at,
        lines.period_ends_at as ends_at
    from {{ ref('stg_stripe__invoice_lines') }} as lines
    inner join invoices on lines.invoice_id = invoices.invoice_id
    left join of_visits on lines.invoice_id = of_visits.invoice_id and lines.line_number = of_visits.line_number
    union all
    select
        invoices.invoice_id,
        invoices.invoice_id as service_id,
        case when periods.starts_at is not null then 'subscription' else 'invoice' end,
        false,
        invoices.amount_cents,
        coalesce(periods.starts_at, invoices.period_starts_at),
        coalesce(periods.ends_at, invoices.period_ends_at)
    from invoices
    left join periods on invoices.invoice_id = periods.invoice_id
    where not invoices.has_lines

)

select
    invoice_id,
    service_id,
    case when starts_at is not null and ends_at is not null then known_from else 'unknown' end as known_from,
    is_metered,
    amount_cents,
    starts_at,
    ends_at
from asked
