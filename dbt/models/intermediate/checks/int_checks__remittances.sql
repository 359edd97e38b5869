{{ config(materialized='view') }}

-- The same cents said twice in a remittance, where the two differ. Held transactions are among them.
with transactions as (

    select * from {{ ref('stg_era__transactions') }}

),

posted_claims as (

    select * from {{ ref('int_remits__claims') }}

)

select
    'payment_and_claims' as check_name,
    'era' as source_kind,
    file_sha256,
    'ST ' || st_index as position,
    trn_number as source_id,
    bpr_cents as stated_cents,
    'era' as other_kind,
    file_sha256 as other_file_sha256,
    'ST ' || st_index as other_position,
    bpr_cents - residual_cents as other_cents,
    cast(null as uuid) as visit_token
from transactions
where residual_cents <> 0 and verdict <> 'duplicate'
union all
select
    'claim_and_adjustments',
    'era',
    claims.file_sha256,
    {{ claim_position('claims.claim_id') }},
    claims.claim_ref,
    claims.charge_cents,
    'era',
    {{ claim_file('claims.claim_id') }},
    {{ claim_position('claims.claim_id') }},
    claims.charge_cents - claims.residual_cents,
    matches.visit_token
from posted_claims as claims
left join {{ ref('int_remits__matches') }} as matches on claims.claim_id = matches.claim_id
where claims.residual_cents <> 0
union all
select
    'service_and_adjustments',
    'era',
    services.file_sha256,
    {{ claim_position('claims.claim_id') }} || ', service ' || services.service_index,
    services.service_code,
    services.charge_cents,
    'era',
    {{ claim_file('claims.claim_id') }},
    {{ claim_position('claims.claim_id') }} || ', service ' || services.service_index,
    services.charge_cents - services.residual_cents,
    matches.visit_token
from {{ source('raw', 'era_service') }} as services
inner join posted_claims as claims
    on services.file_sha256 = claims.file_sha256
    and services.st_index = claims.st_index
    and services.claim_index = claims.claim_index
left join {{ ref('int_remits__matches') }} as matches on claims.claim_id = matches.claim_id
where services.residual_cents <> 0
