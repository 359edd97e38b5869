with triangle as (

    select
        service_period,
        sum(payer_paid_cents) as payer_paid_cents,
        sum(patient_collected_cents) as patient_collected_cents
    from {{ ref('lag_triangle') }}
    group by service_period

),

visits as (

    select
        service_period,
        sum(payer_paid_cents) as payer_paid_cents,
        sum(patient_collected_cents) as patient_collected_cents
    from {{ ref('int_month__visit_sums') }}
    group by service_period

)

select
    service_period,
    triangle.payer_paid_cents,
    visits.payer_paid_cents as payer_paid_of_visits_cents,
    triangle.patient_collected_cents,
    visits.patient_collected_cents as patient_collected_of_visits_cents
from triangle
full outer join visits using (service_period)
where
    coalesce(triangle.payer_paid_cents, 0) <> coalesce(visits.payer_paid_cents, 0)
    or coalesce(triangle.patient_collected_cents, 0) <> coalesce(visits.patient_collected_cents, 0)
