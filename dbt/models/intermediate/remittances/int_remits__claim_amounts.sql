{{ config(
    materialized='incremental',
    meta={'replaces': {'file_sha256': 'files'}},
    indexes=[{'columns': ['claim_id'], 'unique': true}, {'columns': ['file_sha256']}]
) }}

-- What the adjustments of a claim add up to, and whether it is a denial: paid nothing, asks nothing of the patient, and has
-- an adjustment that is neither the patient's nor contractual (X12 RFI 207: never from CLP02 alone). One that refuses by
-- capitation alone (CO-24) is paid all the same, by the capitation payment. The adjustments themselves stand in three arrays, a place
-- an adjustment: raw ones have no key by which those of one claim could be found.
with claims as (

    select * from {{ ref('int_remits__claims') }} where {{ touched('file_sha256', 'files') }}

),

adjustments as (

    {{ of_touched_files(ref('stg_era__adjustments')) }}

),

sums as (

    select
        claim_id,
        coalesce(sum(amount_cents) filter (where class = 'patient_responsibility'), 0) as patient_responsibility_cents,
        coalesce(sum(amount_cents) filter (where class = 'contractual'), 0) as contractual_cents,
        coalesce(sum(amount_cents) filter (where class = 'sequestration'), 0) as sequestration_cents,
        coalesce(sum(amount_cents) filter (where class in ('other', 'capitation')), 0) as other_adjustment_cents,
        sum(amount_cents) as adjustment_cents,
        array_agg(group_code order by group_code, reason_code, amount_cents) as group_codes,
        array_agg(reason_code order by group_code, reason_code, amount_cents) as reason_codes,
        array_agg(amount_cents order by group_code, reason_code, amount_cents) as amounts,
        bool_or(amount_cents <> 0 and class = 'patient_responsibility') as asks_patient,
        bool_or(amount_cents <> 0 and class not in ('patient_responsibility', 'contractual')) as refuses,
        bool_and(class = 'capitation') filter (
            where amount_cents <> 0 and class not in ('patient_responsibility', 'contractual')
        ) as refuses_by_capitation
    from adjustments
    group by claim_id

)

select
    claims.claim_id,
    claims.file_sha256,
    cast(coalesce(sums.patient_responsibility_cents, 0) as bigint) as patient_responsibility_cents,
    cast(coalesce(sums.contractual_cents, 0) as bigint) as contractual_cents,
    cast(coalesce(sums.sequestration_cents, 0) as bigint) as sequestration_cents,
    cast(coalesce(sums.other_adjustment_cents, 0) as bigint) as other_adjustment_cents,
    cast(coalesce(sums.adjustment_cents, 0) as bigint) as adjustment_cents,
    claims.paid_cents = 0
    and coalesce(sums.refuses, false)
    and not coalesce(sums.asks_patient, false) as is_denial,
    coalesce(sums.refuses_by_capitation, false) as refuses_by_capitation,
    coalesce(sums.group_codes, '{}') as group_codes,
    coalesce(sums.reason_codes, '{}') as reason_codes,
    coalesce(sums.amounts, '{}') as amounts
from claims
left join sums on claims.claim_id = sums.claim_id
