{{ config(
    materialized='incremental',
    meta={'replaces': {'visit_token': 'visits'}},
    indexes=[{'columns': ['visit_token'], 'unique': true}]
) }}

-- What the payers have decided of a visit so far: one row a visit that any counting remit claim reaches.
with claims as (

    select
        adjudicated.*,
        amounts.patient_responsibility_cents,
        amounts.contractual_cents,
        amounts.sequestration_cents,
        amounts.other_adjustment_cents,
        amounts.adjustment_cents,
        amounts.refuses_by_capitation,
        max(adjudicated.payer_order) filter (where adjudicated.is_live)
            over (partition by adjudicated.visit_token) as last_live_order,
        row_number() over (partition by adjudicated.visit_token order by adjudicated.position desc) as recency,
        adjudicated.is_live and adjudicated.payer_order = 1 as is_live_primary
    from {{ ref('int_remits__adjudicated_claims') }} as adjudicated
    inner join {{ ref('int_remits__claim_amounts') }} as amounts on adjudicated.claim_id = amounts.claim_id
    where {{ touched('adjudicated.visit_token', 'visits') }}

),

last_live_primary as (

    select
        visit_token,
        facility_code as pos_paid,
        is_denial as primary_is_denied,
        is_denial and refuses_by_capitation as primary_is_capitated,
        adjustment_cents as last_primary_adjustment_cents,
        row_number() over (partition by visit_token order by position desc) as recency
    from claims
    where is_live_primary

),

sums as (

    select
        visit_token,
        sum(paid_cents) as payer_paid_cents,
        sum(patient_responsibility_cents) filter (where payer_order = last_live_order) as patient_responsibility_cents,
        bool_or(is_live) as is_live,
        bool_or(is_live_primary) as primary_is_live,
        sum(charge_cents) filter (where is_live_primary) as primary_charge_cents,
        sum(paid_cents) filter (where is_live_primary) as primary_paid_cents,
        sum(patient_responsibility_cents) filter (where is_live_primary) as primary_patient_responsibility_cents,
        sum(residual_cents) filter (where is_live_primary) as primary_residual_cents,
        sum(adjustment_cents) filter (where is_live_primary and is_denial) as denied_cents,
        sum(contractual_cents) filter (where is_live_primary and not is_denial) as contractual_cents,
        sum(sequestration_cents) filter (where is_live_primary and not is_denial) as sequestration_cents,
        sum(other_adjustment_cents) filter (where is_live_primary and not is_denial) as other_adjustment_cents,
        bool_or(recency = 1 and is_reversal) as newest_is_reversal,
        max(claim_id) filter (where recency = 1) as newest_claim_id,
        max(paid_on) filter (where position = 1) as first_decided_on,
        case
            when bool_or(position = 1 and is_denial) then 'denied'
            when bool_or(position = 1 and is_live and (paid_cents > 0 or patient_responsibility_cents > 0)) then 'passed'
            else 'other'
        end as first_decision
    from claims
    group by visit_token

)

select
    sums.visit_token,
    sums.is_live,
    sums.primary_is_live,
    coalesce(last_live_primary.primary_is_denied, false) as primary_is_denied,
    coalesce(last_live_primary.primary_is_capitated, false) as primary_is_capitated,
    last_live_primary.pos_paid,
    last_live_primary.last_primary_adjustment_cents,
    cast(sums.payer_paid_cents as bigint) as payer_paid_cents,
    cast(sums.patient_responsibility_cents as bigint) as patient_responsibility_cents,
    cast(coalesce(sums.primary_charge_cents, 0) as bigint) as primary_charge_cents,
    cast(coalesce(sums.primary_paid_cents, 0) as bigint) as primary_paid_cents,
    cast(coalesce(sums.primary_patient_responsibility_cents, 0) as bigint) as primary_patient_responsibility_cents,
    cast(coalesce(sums.primary_residual_cents, 0) as bigint) as primary_residual_cents,
    cast(coalesce(sums.denied_cents, 0) as bigint) as denied_cents,
    cast(coalesce(sums.contractual_cents, 0) as bigint) as contractual_cents,
    cast(coalesce(sums.sequestration_cents, 0) as bigint) as sequestration_cents,
    cast(coalesce(sums.other_adjustment_cents, 0) as bigint) as other_adjustment_cents,
    sums.newest_is_reversal,
    sums.newest_claim_id,
    sums.first_decided_on,
    sums.first_decision
from sums
left join last_live_primary
    on sums.visit_token = last_live_primary.visit_token
    and last_live_primary.recency = 1
