-- The visit that a claim is about in a person's newest word; none where that took back the one before.
select distinct on (matches.file_sha256, matches.st_index, matches.claim_index)
    {{ claim_id('matches') }} as claim_id,
    matches.visit_token,
    matches.match_id
from {{ source('raw', 'era_match') }} as matches
order by matches.file_sha256 asc, matches.st_index asc, matches.claim_index asc, matches.ordinal desc
