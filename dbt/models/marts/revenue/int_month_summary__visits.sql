{{ config(schema='intermediate', contract={'enforced': false}, grants={}) }}

-- What the visits of a month of service add up to as they are now, a month and measure a row.
with visits as (

    select * from {{ ref('visit_revenue') }}

)

select
    visits.service_period as period,
    measures.measure,
    sum(measures.amount_cents) as amount_cents,
    count(*) filter (where measures.counts) as count
from visits
cross join lateral (
    values
    ('visits', 0, true),
    ('gross_charges', visits.charge_cents, visits.charge_cents <> 0),
    ('contractual', visits.contractual_cents, visits.contractual_cents <> 0),
    ('sequestration', visits.sequestration_cents, visits.sequestration_cents <> 0),
    ('denied', visits.denied_cents, visits.denied_cents <> 0),
    ('other_adjustment', visits.other_adjustment_cents, visits.other_adjustment_cents <> 0),
    ('allowed', coalesce(visits.allowed_cents, 0), visits.allowed_cents is not null),
    ('payer_paid', visits.payer_paid_cents, visits.payer_paid_cents <> 0),
    (
        'patient_responsibility', coalesce(visits.patient_responsibility_cents, 0),
        visits.patient_responsibility_cents is not null
    ),
    ('patient_target', visits.patient_target_cents, visits.patient_target_cents <> 0),
    ('patient_billed', visits.patient_billed_cents, visits.patient_billed_cents <> 0),
    ('patient_collected', visits.patient_collected_cents, visits.patient_collected_cents <> 0),
    ('pos_variance', coalesce(visits.pos_variance_cents, 0), visits.pos_variance_cents <> 0),
    ('pos_adjusted_revenue', visits.pos_adjusted_revenue_cents, visits.pos_adjusted_revenue_cents <> 0),
    ('patient_balance', visits.patient_balance_cents, visits.patient_balance_cents <> 0)
) as measures (measure, amount_cents, counts)
group by visits.service_period, measures.measure
union all
-- What of the charges is neither an adjustment of the primary payer nor expected from anyone, by the reason a visit gives.
select
    visits.service_period,
    'withheld_' || reasons.reason,
    sum(reasons.amount_cents),
    count(*) filter (where reasons.amount_cents <> 0)
from visits
cross join lateral (
    select
        case
            when visits.state not in ('completed', 'partially_completed') then 'not_billable'
            when visits.payer_id is null then 'self_pay_policy'
            when visits.allowed_cents is null then 'awaiting_payer'
            else 'later_payers'
        end as reason,
        visits.charge_cents - visits.contractual_cents - visits.sequestration_cents - visits.denied_cents
        - visits.other_adjustment_cents - visits.payer_paid_cents - visits.patient_target_cents as amount_cents
) as reasons
group by visits.service_period, reasons.reason
