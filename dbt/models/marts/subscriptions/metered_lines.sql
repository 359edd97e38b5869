-- Usage that was invoiced, a line a row, against the visit it names and the visits whose usage we sent for it.
with settings as (

    select * from {{ ref('stg_ops__run_settings') }}

),

lines as (

    select * from {{ ref('stg_stripe__invoice_lines') }} where is_metered

),

invoices as (

    select * from {{ ref('stg_stripe__subscription_invoices') }} where is_asked_for and memo_id is null

),

usage as (

    select
        invoice_id,
        line_number,
        count(*) as visits
    from {{ ref('int_usage__lines') }}
    group by invoice_id, line_number

),

visits as (

    select * from {{ ref('stg_visits__visits') }}

)

select
    lines.invoice_id,
    lines.line_number,
    lines.line_id,
    invoices.customer_id,
    invoices.subscription_id,
    lines.price_id,
    lines.meter_id,
    {{ period(local_date("coalesce(lines.period_ends_at - interval '1 second', invoices.invoiced_at)", 'settings.timezone')) }}
        as period,
    coalesce(lines.quantity, 0) as quantity,
    lines.amount_cents,
    lines.visit_token as named_visit_token,
    visits.visit_token,
    visits.practice_id,
    ties.visits,
    coalesce(lines.quantity, 0) - ties.visits as difference,
    case
        when coalesce(lines.quantity, 0) = ties.visits then 'tied'
        when ties.visits = 0 then 'no_visit'
        else 'mismatch'
    end as status
from lines
inner join invoices on lines.invoice_id = invoices.invoice_id
cross join settings
left join visits on lines.visit_token = visits.visit_token
left join usage on lines.invoice_id = usage.invoice_id and lines.line_number = usage.line_number
cross join lateral (
    select greatest(coalesce(usage.visits, 0), case when visits.visit_token is null then 0 else 1 end) as visits
) as ties
