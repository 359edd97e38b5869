-- How much of each service falls into each month: by days, each month rounded half up to a cent, the last takes the rest, so
-- that the slices of a service are the service to the cent. Months to come are here too: the schedule of what is deferred.
with services as (

    select
        *,
        last_on - first_on + 1 as days
    from {{ ref('int_subscriptions__services') }}
    where first_on is not null and amount_cents <> 0

),

months as (

    select
        services.*,
        cast(series.month as date) as month,
        cast(series.month + interval '1 month' as date) - 1 as month_ends_on
    from services
    cross join lateral generate_series(
        date_trunc('month', cast(services.first_on as timestamp)),
        date_trunc('month', cast(services.last_on as timestamp)),
        interval '1 month'
    ) as series (month)

),

shares as (

    select
        *,
        month_ends_on >= last_on as is_last,
        {{ half_up(
            "(amount_cents::numeric * (least(month_ends_on, last_on) - greatest(month, first_on) + 1))", "days::numeric"
        ) }} as share_cents
    from months

)

select
    invoice_id,
    service_id,
    month,
    month_ends_on,
    case
        when is_last
            then cast(amount_cents - coalesce(
                sum(share_cents) filter (where not is_last) over (partition by service_id), 0
            ) as bigint)
        else share_cents
    end as amount_cents
from shares
