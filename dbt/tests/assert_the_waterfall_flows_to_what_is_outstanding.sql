-- Of each month: gross and its movements are the net revenue, that less cash is what is outstanding, and its parts are it.
with months as (

    select
        period,
        sum(amount_cents) filter (where step = 'gross_patient_service_revenue') as gross_cents,
        sum(amount_cents) filter (where kind = 'movement' and position < 8) as reductions_cents,
        sum(amount_cents) filter (where step = 'net_patient_service_revenue') as net_cents,
        sum(amount_cents) filter (where kind = 'movement' and position > 8) as cash_cents,
        sum(amount_cents) filter (where step = 'outstanding') as outstanding_cents,
        sum(amount_cents) filter (where kind = 'part') as parts_cents,
        sum(amount_cents) filter (where step = 'patient_share') as patient_share_cents,
        sum(amount_cents) filter (where step = 'patient_balance') as patient_balance_cents,
        sum(-amount_cents) filter (where step = 'patient_collected') as patient_collected_cents
    from {{ ref('revenue_waterfall') }}
    group by period

)

select *
from months
where
    gross_cents + reductions_cents <> net_cents
    or net_cents + cash_cents <> outstanding_cents
    or parts_cents <> outstanding_cents
    or patient_collected_cents + patient_balance_cents <> patient_share_cents
