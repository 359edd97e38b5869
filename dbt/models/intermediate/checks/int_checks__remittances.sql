{{ config(
    materialized='incremental',
    meta={'replaces': {'file_sha256': 'files'}},
    indexes=[{'columns': ['file_sha256']}]
) }}

-- The same cents said twice in a remittance, where the two differ. Held transactions are among them. Which visit a claim is of
-- may change without its file, so that is not kept here.
with transactions as (

    select * from {{ ref('stg_era__transactions') }} where {{ touched('file_sha256', 'files') }}

),

services as (

    {{ of_touched_files(source('raw', 'era_service')) }}

),

posted_claims as (

    select * from {{ ref('int_remits__claims') }} where {{ touched('file_sha256', 'files') }}

)

select
    'payment_and_claims' as check_name,
    'era' as source_kind,
    file_sha256,
    'ST ' || st_index as position,
    trn_number as source_id,
    bpr_cents as stated_cents,
    'era' as other_kind,
    'ST ' || st_index as other_position,
    bpr_cents - residual_cents as other_cents,
    cast(null as text) as claim_id
from transactions
where residual_cents <> 0 and verdict <> 'duplicate'
union all
select
    'claim_and_adjustments',
    'era',
    file_sha256,
    {{ claim_position('claim_id') }},
    claim_ref,
    charge_cents,
    'era',
    {{ claim_position('claim_id') }},
    charge_cents - residual_cents,
    claim_id
from posted_claims
where residual_cents <> 0
union all
select
    'service_and_adjustments',
    'era',
    services.file_sha256,
    {{ claim_position('claims.claim_id') }} || ', service ' || services.service_index,
    services.service_code,
    services.charge_cents,
    'era',
    {{ claim_position('claims.claim_id') }} || ', service ' || services.service_index,
    services.charge_cents - services.residual_cents,
    claims.claim_id
from services
inner join posted_claims as claims
    on services.file_sha256 = claims.file_sha256
    and services.st_index = claims.st_index
    and services.claim_index = claims.claim_index
where services.residual_cents <> 0
