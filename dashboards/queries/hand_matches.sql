-- What people said of whose a claim is, the newest first.
select
    file_sha256,
    st_index,
    claim_index,
    claim_ref,
    paid_cents,
    visit_token,
    settled_by,
    settled_at,
    why,
    stands
from marts.hand_matches
order by settled_at desc, file_sha256 asc, st_index asc, claim_index asc
limit %(size)s
