-- Of the months that are open the waterfall ends in what their visits leave outstanding, which with that of the others is aged.
with visits as (

    select
        service_period as period,
        sum(patient_balance_cents + payer_receivable_cents + unbilled_cents) as outstanding_cents
    from {{ ref('int_month__visit_sums') }}
    group by service_period

),

waterfall as (

    select
        coalesce(sum(coalesce(published.amount_cents, visits.outstanding_cents)), 0) as outstanding_cents
    from visits
    left join {{ ref('revenue_waterfall') }} as published
        on visits.period = published.period
        and published.step = 'outstanding'
        and published.period not in (select closed.period from {{ ref('closed_months') }} as closed)

)

select
    waterfall.outstanding_cents,
    ageing.outstanding_cents as aged_cents
from waterfall
cross join (
    select coalesce(sum(amount_cents), 0) as outstanding_cents from {{ ref('ar_ageing') }}
) as ageing
where waterfall.outstanding_cents <> ageing.outstanding_cents
