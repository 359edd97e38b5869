{{ config(
    materialized='incremental',
    meta={'replaces': {'visit_token': 'visits'}},
    indexes=[{'columns': ['visit_token'], 'unique': true}]
) }}

-- Every amount of a visit but its memos (docs/reference.md). The target: what the payers left to the patient where the state
-- bills and an adjudication lives; else what the billing rules say; while a visit is disputed, what is billed already.
with visits as (

    select * from {{ ref('stg_visits__visits') }} where {{ touched('visit_token', 'visits') }}

),

payments as (

    select * from {{ ref('int_visits__payments') }} where {{ touched('visit_token', 'visits') }}

),

adjudications as (

    select * from {{ ref('int_remits__visit_adjudications') }} where {{ touched('visit_token', 'visits') }}

),

fees as (

    select * from {{ ref('int_visits__fees') }} where {{ touched('visit_token', 'visits') }}

),

joined as (

    select
        visits.*,
        coalesce(payments.patient_billed_cents, 0) as patient_billed_cents,
        coalesce(payments.patient_collected_cents, 0) as patient_collected_cents,
        coalesce(payments.every_charge_failed, false) as every_charge_failed,
        coalesce(payments.duplicate_cents, 0) as duplicate_cents,
        payments.first_duplicate_id,
        coalesce(adjudications.is_live, false) as is_adjudicated,
        coalesce(adjudications.primary_is_live, false) as primary_is_live,
        coalesce(adjudications.primary_is_denied, false) as primary_is_denied,
        coalesce(adjudications.primary_is_capitated, false) as primary_is_capitated,
        adjudications.primary_charge_cents,
        adjudications.last_primary_adjustment_cents,
        coalesce(adjudications.newest_is_reversal, false) as newest_is_reversal,
        adjudications.newest_claim_id,
        adjudications.first_decided_on,
        adjudications.first_decision,
        coalesce(adjudications.payer_paid_cents, 0) as payer_paid_cents,
        adjudications.patient_responsibility_cents,
        coalesce(adjudications.contractual_cents, 0) as contractual_cents,
        coalesce(adjudications.sequestration_cents, 0) as sequestration_cents,
        coalesce(adjudications.denied_cents, 0) as denied_cents,
        coalesce(adjudications.other_adjustment_cents, 0) as other_adjustment_cents,
        case
            when adjudications.primary_is_live
                then
                    adjudications.primary_paid_cents
                    + adjudications.primary_patient_responsibility_cents
                    + adjudications.sequestration_cents
        end as allowed_cents,
        adjudications.pos_paid,
        at_ledger.expected_cents as expected_allowed_cents,
        at_paid.expected_cents as expected_at_pos_paid_cents
    from visits
    left join payments on visits.visit_token = payments.visit_token
    left join adjudications on visits.visit_token = adjudications.visit_token
    left join fees as at_ledger
        on visits.visit_token = at_ledger.visit_token
        and visits.place_of_service = at_ledger.place_of_service
    left join fees as at_paid
        on visits.visit_token = at_paid.visit_token
        and coalesce(adjudications.pos_paid, visits.place_of_service) = at_paid.place_of_service

)

select
    *,
    {{ period('service_on') }} as service_period,
    -- Revenue stands where the state bills, or on hold; a fee for a missed visit is revenue of its own and no payer's.
    case when bills or on_hold then charge_cents else 0 end as gross_revenue_cents,
    case when bills and payer_id is null then charge_cents - rule_target_cents else 0 end as price_concession_cents,
    case when bills or on_hold then 0 else rule_target_cents end as missed_visit_fee_cents,
    case
        when payer_id is not null and (bills or on_hold) then 'payer_receivable'
        else 'unbilled_receivable'
    end as receivable,
    case
        when on_hold then patient_billed_cents
        when bills and is_adjudicated then patient_responsibility_cents
        else rule_target_cents
    end as patient_target_cents,
    case
        when coalesce(pos_paid, place_of_service) = place_of_service then 0
        else expected_allowed_cents - expected_at_pos_paid_cents
    end as pos_variance_cents
from joined
