{{ config(schema='intermediate', contract={'enforced': false}, grants={}) }}

-- Every visit once, added up by month of service, payer and place of service: what the marts of the month share, so that
-- each of them reads a few thousand rows and not a million visits.
with visits as (

    select * from {{ ref('visit_revenue') }}

)

select
    service_period,
    payer_id,
    pos_ledger,
    pos_paid,
    count(*) as visits,
    count(*) filter (where payer_id is not null and gross_revenue_cents > 0) as submitted_visits,
    count(*) filter (where denied_cents <> 0) as denied_visits,
    count(first_decision) as decided_visits,
    count(*) filter (where first_decision = 'passed') as passed_visits,
    count(*) filter (where first_decision = 'denied') as first_denied_visits,
    count(first_decided_on) as timed_visits,
    coalesce(sum(first_decided_on - ended_on), 0) as days_to_decision,
    count(*) filter (where pos_variance_cents is null) as unpriced_visits,
    sum(gross_revenue_cents) as gross_revenue_cents,
    coalesce(sum(gross_revenue_cents) filter (where payer_id is not null), 0) as submitted_cents,
    sum(price_concession_cents) as price_concession_cents,
    sum(missed_visit_fee_cents) as missed_visit_fee_cents,
    sum(contractual_cents) as contractual_cents,
    sum(sequestration_cents) as sequestration_cents,
    sum(denied_cents) as denied_cents,
    sum(other_adjustment_cents) as other_adjustment_cents,
    sum(
        gross_revenue_cents
        - contractual_cents
        - sequestration_cents
        - denied_cents
        - other_adjustment_cents
        - price_concession_cents
        + missed_visit_fee_cents
    ) as net_revenue_cents,
    sum(payer_paid_cents) as payer_paid_cents,
    sum(patient_billed_cents + memo_cents) as patient_share_cents,
    sum(patient_collected_cents) as patient_collected_cents,
    sum(patient_balance_cents) as patient_balance_cents,
    sum(payer_receivable_cents) as payer_receivable_cents,
    sum(unbilled_cents) as unbilled_cents,
    coalesce(sum(allowed_cents), 0) as allowed_cents,
    coalesce(sum(expected_allowed_cents), 0) as expected_allowed_cents,
    coalesce(sum(pos_variance_cents), 0) as pos_variance_cents
from visits
group by service_period, payer_id, pos_ledger, pos_paid
