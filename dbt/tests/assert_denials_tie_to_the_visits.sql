with denials as (

    select
        period,
        sum(amount_cents) as cents
    from {{ ref('denials') }}
    group by period

),

visits as (

    select
        service_period as period,
        sum(denied_cents) as cents
    from {{ ref('visit_revenue') }}
    group by service_period

)

select
    period,
    denials.cents as denials_cents,
    visits.cents as visits_cents
from denials
full outer join visits using (period)
where coalesce(denials.cents, 0) <> coalesce(visits.cents, 0)
