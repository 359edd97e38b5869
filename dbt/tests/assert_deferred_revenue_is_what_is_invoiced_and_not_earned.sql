-- Every month rolls into the next, and the last closing is what the invoices themselves still defer.
with months as (

    select
        *,
        lag(closing_cents, 1, 0::bigint) over (order by period) as last_closing_cents,
        lead(period) over (order by period) as next_period
    from {{ ref('deferred_revenue') }}

),

invoices as (

    select coalesce(sum(deferred_cents), 0) as deferred_cents from {{ ref('subscription_invoices') }}

)

select months.*
from months
cross join invoices
where
    months.opening_cents + months.invoiced_cents - months.credited_cents - months.recognised_cents <> months.closing_cents
    or months.opening_cents <> months.last_closing_cents
    or (months.next_period is null and months.closing_cents <> invoices.deferred_cents)
