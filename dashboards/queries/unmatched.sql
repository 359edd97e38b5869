-- Remit claims that reach no visit, the largest first, a part at a time; of one transaction where it is asked for.
select
    file_sha256,
    st_index,
    claim_index,
    claim_ref,
    paid_cents,
    charge_cents,
    best_candidate,
    why,
    payer_name,
    trn_number,
    paid_on,
    service_from,
    payer_claim_number,
    count(*) over () as unmatched,
    cast(sum(paid_cents) over () as bigint) as unmatched_cents
from marts.unmatched_remits
where
    (cast(%(file)s as text) is null or file_sha256 = %(file)s and st_index = %(st)s)
    and (cast(%(claim)s as integer) is null or claim_index = %(claim)s)
order by abs(paid_cents) desc nulls last, file_sha256 asc, st_index asc, claim_index asc
limit %(size)s offset %(skipped)s
