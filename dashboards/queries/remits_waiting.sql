-- Remit transactions that wait for a person: held or conflicting, and nobody has settled them. The largest first.
select
    file_sha256,
    st_index,
    verdict,
    trn_number,
    payer_name,
    paid_on,
    bpr_cents,
    claims_cents,
    provider_adjustments_cents,
    residual_cents,
    count(*) over () as waiting,
    cast(sum(bpr_cents) over () as bigint) as waiting_cents
from marts.era_tieout
where verdict in ('held', 'conflict') and settlement is null
order by abs(bpr_cents) desc nulls last, file_sha256 asc, st_index asc
limit %(size)s offset %(skipped)s
