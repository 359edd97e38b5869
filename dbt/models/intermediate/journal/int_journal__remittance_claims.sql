-- Every posted claim that counts. What the primary payer allows, takes off or refuses settles what it owes for the visit; a later
-- payer repeats that and only pays. A reversal takes back its own payment and exactly what the claim it undoes had taken off,
-- unless a later claim has done so already. A claim without a visit is money that waits for one.
with taken_off as (

    select
        adjudicated.claim_id,
        not adjudicated.is_superseded as stands,
        case when adjudicated.is_denial then 0 else amounts.contractual_cents end as contractual_cents,
        case when adjudicated.is_denial then 0 else amounts.sequestration_cents end as sequestration_cents,
        case when adjudicated.is_denial then 0 else amounts.other_adjustment_cents end as other_adjustment_cents,
        case when adjudicated.is_denial then amounts.adjustment_cents else 0 end as denied_cents
    from {{ ref('int_remits__adjudicated_claims') }} as adjudicated
    inner join {{ ref('int_remits__claim_amounts') }} as amounts on adjudicated.claim_id = amounts.claim_id
    where adjudicated.payer_order = 1 and not adjudicated.is_reversal

),

claims as (

    select
        claims.claim_id,
        visits.visit_token,
        visits.practice_id,
        visits.service_period,
        coalesce(visits.payer_id, claims.payer_key) as payer_id,
        coalesce(claims.paid_on, {{ local_date('transactions.recorded_at', 'settings.timezone') }}) as effective_on,
        case when visits.visit_token is null then 'unapplied_cash' else 'payer_receivable' end as paid_for,
        coalesce(claims.paid_cents, 0) as paid_cents,
        coalesce(own.contractual_cents, -undone.contractual_cents, 0) as contractual_cents,
        coalesce(own.sequestration_cents, -undone.sequestration_cents, 0) as sequestration_cents,
        coalesce(own.other_adjustment_cents, -undone.other_adjustment_cents, 0) as other_adjustment_cents,
        coalesce(own.denied_cents, -undone.denied_cents, 0) as denied_cents
    from {{ ref('int_remits__claims') }} as claims
    inner join {{ ref('stg_era__transactions') }} as transactions
        on claims.file_sha256 = transactions.file_sha256
        and claims.st_index = transactions.st_index
    cross join {{ ref('stg_ops__run_settings') }} as settings
    left join {{ ref('int_remits__adjudicated_claims') }} as adjudicated on claims.claim_id = adjudicated.claim_id
    left join {{ ref('int_visits__amounts') }} as visits on adjudicated.visit_token = visits.visit_token
    left join taken_off as own on adjudicated.claim_id = own.claim_id
    left join taken_off as undone on adjudicated.undoes_claim_id = undone.claim_id and undone.stands

)

select
    'remittance_claim' as source_kind,
    claim_id as source_id,
    visit_token,
    practice_id,
    payer_id,
    coalesce(service_period, {{ period('effective_on') }}) as origin_period,
    effective_on,
    {{ entry_lines([
        ["'remittance_clearing'", 'paid_cents'],
        ['paid_for', '-paid_cents - contractual_cents - sequestration_cents - denied_cents - other_adjustment_cents'],
        ["'contractual_adjustment'", 'contractual_cents'],
        ["'sequestration'", 'sequestration_cents'],
        ["'denial'", 'denied_cents'],
        ["'other_adjustment'", 'other_adjustment_cents'],
    ]) }}
from claims
