{{ config(
    materialized='incremental',
    meta={'replaces': {'claim_id': 'claims'}},
    indexes=[{'columns': ['claim_id'], 'unique': true}]
) }}

-- Remit claims that count and reach no visit.
select
    claims.claim_id,
    claims.file_sha256,
    claims.st_index,
    claims.claim_index,
    claims.claim_ref,
    claims.normal_claim_ref,
    claims.payer_key,
    claims.service_from,
    claims.charge_cents,
    claims.paid_cents,
    claims.paid_on,
    claims.trn_number,
    claims.payer_claim_number,
    transactions.payer_name,
    coalesce(claims.paid_on, {{ local_date('transactions.recorded_at', 'settings.timezone') }}) as received_on
from {{ ref('int_remits__claims') }} as claims
cross join {{ ref('stg_ops__run_settings') }} as settings
inner join {{ source('raw', 'era_transaction') }} as transactions
    on claims.file_sha256 = transactions.file_sha256
    and claims.st_index = transactions.st_index
left join {{ ref('int_remits__matches') }} as matches on claims.claim_id = matches.claim_id
where matches.claim_id is null and {{ touched('claims.claim_id', 'claims') }}
