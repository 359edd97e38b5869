-- Every posted claim that counts. What the primary payer allows, takes off or refuses settles what it owes for the visit; a later
-- payer repeats that and only pays. A reversal takes back its own payment and exactly what the claim it undoes had taken off,
-- unless a later claim has done so already. A claim without a visit is money that waits for one.
select
    'remittance_claim' as source_kind,
    claims.claim_id as source_id,
    visits.visit_token,
    visits.practice_id,
    coalesce(visits.payer_id, claims.payer_key) as payer_id,
    coalesce(visits.service_period, {{ period('happened.effective_on') }}) as origin_period,
    happened.effective_on,
    {{ entry_lines([
        ["'remittance_clearing'", 'cents.paid'],
        [
            "case when visits.visit_token is null then 'unapplied_cash' else 'payer_receivable' end",
            '-cents.paid - cents.contractual - cents.sequestration - cents.denied - cents.other'
        ],
        ["'contractual_adjustment'", 'cents.contractual'],
        ["'sequestration'", 'cents.sequestration'],
        ["'denial'", 'cents.denied'],
        ["'other_adjustment'", 'cents.other'],
    ]) }}
from {{ ref('int_remits__claims') }} as claims
cross join {{ ref('stg_ops__run_settings') }} as settings
cross join lateral (
    select coalesce(claims.paid_on, {{ local_date('claims.recorded_at', 'settings.timezone') }}) as effective_on
) as happened
left join {{ ref('int_remits__adjudicated_claims') }} as adjudicated on claims.claim_id = adjudicated.claim_id
left join {{ ref('int_remits__adjudicated_claims') }} as undone
    on adjudicated.undoes_claim_id = undone.claim_id
    and undone.payer_order = 1
    and not undone.is_reversal
    and not undone.is_superseded
-- Whose adjustments it puts down, or takes back.
cross join lateral (
    select
        case
            when adjudicated.is_reversal then undone.claim_id
            when adjudicated.payer_order = 1 then adjudicated.claim_id
        end as claim_id,
        case when adjudicated.is_reversal then undone.is_denial else adjudicated.is_denial end as is_denial,
        case when adjudicated.is_reversal then -1 else 1 end as sign
) as settles
left join {{ ref('int_remits__claim_amounts') }} as amounts on settles.claim_id = amounts.claim_id
left join {{ ref('int_visits__amounts') }} as visits on adjudicated.visit_token = visits.visit_token
cross join lateral (
    select
        coalesce(claims.paid_cents, 0) as paid,
        case when settles.is_denial then 0 else coalesce(settles.sign * amounts.contractual_cents, 0) end as contractual,
        case when settles.is_denial then 0 else coalesce(settles.sign * amounts.sequestration_cents, 0) end as sequestration,
        case when settles.is_denial then 0 else coalesce(settles.sign * amounts.other_adjustment_cents, 0) end as other,
        case when settles.is_denial then coalesce(settles.sign * amounts.adjustment_cents, 0) else 0 end as denied
) as cents
