-- What payers paid on posted claims is either in a visit's row or among the claims without a visit, to the cent. It holds visit
-- by visit, so that a run that replaces what was touched asks it of these.
with claims as (

    select
        coalesce(sum(claims.paid_cents), 0) as posted_cents,
        coalesce(sum(claims.paid_cents) filter (where matches.claim_id is null), 0) as unmatched_cents
    from {{ ref('int_remits__claims') }} as claims
    left join {{ ref('int_remits__matches') }} as matches on claims.claim_id = matches.claim_id
    where {{ touched('matches.visit_token', 'visits') }}

),

visits as (

    select coalesce(sum(payer_paid_cents), 0) as cents
    from {{ ref('int_visits__amounts') }}
    where {{ touched('visit_token', 'visits') }}

)

select
    claims.posted_cents,
    claims.unmatched_cents,
    visits.cents as visits_cents
from claims
cross join visits
where claims.posted_cents <> visits.cents + claims.unmatched_cents
