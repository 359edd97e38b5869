-- What of a month's charges is neither an adjustment of the primary payer nor expected from anyone, by the reason a visit
-- gives: its state, no payer's decision, the practice's policy, else what later payers leave.
select
    case
        when state not in ('completed', 'partially_completed') then 'not_billable'
        when payer_id is null then 'self_pay_policy'
        when allowed_cents is null then 'awaiting_payer'
        else 'later_payers'
    end as kind,
    cast(
        sum(
            charge_cents - contractual_cents - sequestration_cents - denied_cents - other_adjustment_cents
            - payer_paid_cents - patient_target_cents
        ) as bigint
    ) as amount_cents
from marts.visit_revenue
where service_period = %(period)s
group by kind
