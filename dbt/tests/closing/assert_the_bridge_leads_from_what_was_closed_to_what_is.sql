-- What the closed month's visits bring now with their memos, worked out from the visits, is where the bridge leads.
with visits as (

    select
        service_period as period,
        sum(payer_paid_cents + patient_share_cents) as cents
    from {{ ref('int_month__visit_sums') }}
    group by service_period

)

select
    bridge.period,
    bridge.as_now_cents,
    visits.cents as visits_cents
from {{ ref('close_bridge') }} as bridge
left join visits on bridge.period = visits.period
where bridge.as_now_cents <> coalesce(visits.cents, 0)
