-- Every remit transaction that was loaded, both sides of its balance, and where it went, by itself or by what a person settled.
select
    file_sha256,
    st_index,
    trn_number,
    payer_name,
    paid_on,
    bpr_cents,
    claims_cents,
    provider_adjustments_cents,
    residual_cents,
    verdict,
    settlement,
    replaced_by,
    settled_by,
    settled_at,
    why
from {{ ref('stg_era__transactions') }}
