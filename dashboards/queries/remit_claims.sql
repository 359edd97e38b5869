-- The claims of one remit transaction, in their order, a part at a time.
select
    claim_index,
    claim_ref,
    payer_claim_number,
    status_code,
    service_from,
    charge_cents,
    paid_cents,
    patient_responsibility_cents,
    co_cents,
    pi_cents,
    oa_cents,
    residual_cents,
    outcome,
    visit_token,
    matched_by,
    payer_order,
    period
from marts.remit_claims
where file_sha256 = %(file)s and st_index = %(st)s
order by claim_index
limit %(size)s offset %(skipped)s
