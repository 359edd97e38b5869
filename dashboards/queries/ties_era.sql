-- Remit transactions: what the payer announced (BPR02) against its claims less provider adjustments.
-- The largest residual first, a part at a time.
select
    coalesce(settlement, verdict) as status,
    coalesce(trn_number, 'no trace number') as name,
    payer_name as detail,
    paid_on as happened_on,
    bpr_cents as this_cents,
    claims_cents - provider_adjustments_cents as other_cents,
    residual_cents,
    cast(null as uuid) as visit_token,
    file_sha256,
    st_index
from marts.era_tieout
where case settlement when 'replaced' then settlement else verdict end = any(%(statuses)s)
order by abs(residual_cents) desc nulls last, file_sha256 asc, st_index asc
limit %(size)s offset %(skipped)s
