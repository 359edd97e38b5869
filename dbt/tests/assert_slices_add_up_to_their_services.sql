-- A service is spread over its months to the cent, and over no day that is not its own.
with slices as (

    select
        service_id,
        sum(amount_cents) as amount_cents,
        min(month) as first_month,
        max(month_ends_on) as last_day
    from {{ ref('int_subscriptions__slices') }}
    group by service_id

)

select
    services.service_id,
    services.amount_cents,
    slices.amount_cents as sliced_cents
from {{ ref('int_subscriptions__services') }} as services
left join slices on services.service_id = slices.service_id
where
    services.first_on is not null
    and services.amount_cents <> 0
    and (
        slices.amount_cents is distinct from services.amount_cents
        or services.first_on < slices.first_month
        or services.last_on > slices.last_day
    )
