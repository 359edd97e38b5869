-- One remit transaction, both sides and where it went.
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
from marts.era_tieout
where file_sha256 = %(file)s and st_index = %(st)s
