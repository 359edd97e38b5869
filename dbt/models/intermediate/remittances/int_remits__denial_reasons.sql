{{ config(
    materialized='incremental',
    meta={'replaces': {'file_sha256': 'files'}},
    indexes=[{'columns': ['claim_id']}, {'columns': ['file_sha256']}]
) }}

-- Why a claim is refused, an adjustment code a row.
with refused as (

    select
        claim_id,
        file_sha256
    from {{ ref('int_remits__claim_amounts') }}
    where is_denial and {{ touched('file_sha256', 'files') }}

),

adjustments as (

    {{ of_touched_files(ref('stg_era__adjustments')) }}

)

select
    refused.claim_id,
    refused.file_sha256,
    adjustments.group_code,
    adjustments.reason_code,
    cast(sum(adjustments.amount_cents) as bigint) as amount_cents
from refused
inner join adjustments on refused.claim_id = adjustments.claim_id
group by refused.claim_id, refused.file_sha256, adjustments.group_code, adjustments.reason_code
