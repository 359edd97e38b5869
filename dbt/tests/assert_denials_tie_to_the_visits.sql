-- Of the months that are open: a closed one shows what was, and its visits what is.
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
    from {{ ref('int_month__visit_sums') }}
    group by service_period

)

select
    period,
    denials.cents as denials_cents,
    visits.cents as visits_cents
from denials
full outer join visits using (period)
where
    coalesce(denials.cents, 0) <> coalesce(visits.cents, 0)
    and period not in (select closed.period from {{ ref('closed_months') }} as closed)
