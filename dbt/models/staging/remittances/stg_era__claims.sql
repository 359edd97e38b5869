-- status_code is CLP02. 23 (not our claim, forwarded) and 25 (predetermination) never post and never count.
with claims as (

    select * from {{ source('raw', 'era_claim') }}

)

select
    {{ claim_id('claims') }} as claim_id,
    claims.file_sha256,
    claims.st_index,
    claims.claim_index,
    claims.claim_ref,
    {{ normal_reference('claims.claim_ref') }} as normal_claim_ref,
    claims.status_code,
    claims.status_code in ('23', '25') as never_counts,
    claims.charge_cents,
    claims.paid_cents,
    claims.patient_responsibility_cents,
    claims.payer_claim_number,
    {{ normal_reference('claims.payer_claim_number') }} as normal_payer_claim_number,
    nullif(claims.original_ref, '') as original_ref,
    {{ normal_reference("nullif(claims.original_ref, '')") }} as normal_original_ref,
    nullif(claims.facility_code, '') as facility_code,
    claims.is_reversal,
    claims.service_from,
    claims.residual_cents
from claims
