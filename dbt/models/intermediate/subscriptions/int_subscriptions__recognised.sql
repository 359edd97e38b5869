-- What was earned of each invoice in each month that is over at the day of the run: the revenue of that month, never more.
select
    slices.invoice_id,
    slices.month,
    slices.month_ends_on,
    cast(sum(slices.amount_cents) as bigint) as amount_cents
from {{ ref('int_subscriptions__slices') }} as slices
cross join {{ ref('stg_ops__run_settings') }} as settings
where slices.month_ends_on <= settings.as_of
group by slices.invoice_id, slices.month, slices.month_ends_on
having sum(slices.amount_cents) <> 0
