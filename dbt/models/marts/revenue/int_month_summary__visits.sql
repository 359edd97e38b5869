{{ config(schema='intermediate', contract={'enforced': false}, grants={}) }}

-- What the visits of a month of service add up to as they are now, a month and measure a row.
with visits as (

    select * from {{ ref('int_month__visit_sums') }}

)

select
    visits.service_period as period,
    measures.measure,
    sum(measures.amount_cents) as amount_cents,
    sum(measures.count) as count
from visits
{{ measures_of_visits() }}
group by visits.service_period, measures.measure
