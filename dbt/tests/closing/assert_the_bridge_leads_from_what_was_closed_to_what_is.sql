-- What the closed month's visits bring now, worked out from the visits and the memo register, is where the bridge leads.
with visits as (

    select
        service_period as period,
        sum(payer_paid_cents + patient_billed_cents) as cents
    from {{ ref('visit_revenue') }}
    group by service_period

),

memos as (

    select
        visits.service_period as period,
        sum(case memos.kind when 'debit' then memos.amount_cents else -memos.amount_cents end) as cents
    from {{ ref('memos') }} as memos
    inner join {{ ref('visit_revenue') }} as visits on memos.visit_token = visits.visit_token
    group by visits.service_period

)

select
    bridge.period,
    bridge.as_now_cents,
    visits.cents as visits_cents,
    memos.cents as memos_cents
from {{ ref('close_bridge') }} as bridge
left join visits on bridge.period = visits.period
left join memos on bridge.period = memos.period
where bridge.as_now_cents <> coalesce(visits.cents, 0) + coalesce(memos.cents, 0)
