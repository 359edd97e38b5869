-- Remit claims that reach no visit.
select
    claim_ref,
    paid_cents,
    best_candidate,
    why
from marts.unmatched_remits
order by abs(paid_cents) desc nulls last, file_sha256 asc, st_index asc, claim_index asc
limit %(listed)s
