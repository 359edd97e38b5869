-- What people said of whose a claim is, word by word, and whether the books go by it: a reference that leads to a visit wins.
select
    said.file_sha256,
    said.st_index,
    said.claim_index,
    said.ordinal,
    claims.claim_ref,
    claims.paid_cents,
    said.visit_token,
    visits.practice_id,
    said.settled_by,
    said.settled_at,
    said.why,
    coalesce(matches.matched_by = 'hand' and newest.match_id = said.match_id, false) as stands
from {{ source('raw', 'era_match') }} as said
left join {{ ref('stg_era__matches') }} as newest on said.match_id = newest.match_id
left join {{ ref('int_remits__claims') }} as claims on {{ claim_id('said') }} = claims.claim_id
left join {{ ref('int_remits__matches') }} as matches on claims.claim_id = matches.claim_id
left join {{ ref('stg_visits__visits') }} as visits on said.visit_token = visits.visit_token
