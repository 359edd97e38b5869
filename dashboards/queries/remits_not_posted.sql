-- Remit transactions of which nothing posts.
select
    coalesce(settlement, verdict) as verdict,
    trn_number,
    payer_name,
    paid_on,
    bpr_cents,
    claims_cents,
    provider_adjustments_cents,
    residual_cents
from marts.era_tieout
where verdict <> 'posted'
order by coalesce(settlement, verdict) desc, paid_on desc nulls last, file_sha256 asc, st_index asc
limit %(listed)s
