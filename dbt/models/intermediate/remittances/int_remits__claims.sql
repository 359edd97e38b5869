{{ config(
    materialized='incremental',
    meta={'replaces': {'file_sha256': 'files'}},
    indexes=[
        {'columns': ['claim_id'], 'unique': true},
        {'columns': ['file_sha256']},
        {'columns': ['normal_claim_ref']},
        {'columns': ['normal_payer_claim_number']},
        {'columns': ['normal_original_ref']}
    ]
) }}

-- The remit claims that count: of posted transactions, neither 23 nor 25. Their order is the
-- macro remit_order.
with transactions as (

    {{ of_touched_files(ref('stg_era__transactions')) }}

),

claims as (

    {{ of_touched_files(ref('stg_era__claims')) }}

)

select
    claims.*,
    transactions.payer_key,
    transactions.payee_npi,
    transactions.paid_on,
    transactions.trn_number,
    transactions.recorded_at
from claims
inner join transactions
    on claims.file_sha256 = transactions.file_sha256
    and claims.st_index = transactions.st_index
where claims.never_counts is not true and transactions.verdict = 'posted'
