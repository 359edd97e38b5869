-- payer_key: who paid, by the identifier the payer gave, else the originating company of the trace, else the name.
select
    file_sha256,
    st_index,
    st_control,
    coalesce(payer_id, trn_payer, payer_name, '') as payer_key,
    payer_id,
    payer_name,
    payee_npi,
    bpr_cents,
    bpr_method,
    paid_on,
    trn_number,
    claims_cents,
    provider_adjustments_cents,
    residual_cents,
    verdict,
    load_id
from {{ source('raw', 'era_transaction') }}
