-- What payers paid on posted claims is either in a visit's row or among the unmatched, to the cent.
with posted as (

    select coalesce(sum(paid_cents), 0) as cents from {{ ref('int_remits__claims') }}

),

visits as (

    select coalesce(sum(payer_paid_cents), 0) as cents from {{ ref('visit_revenue') }}

),

unmatched as (

    select coalesce(sum(paid_cents), 0) as cents from {{ ref('unmatched_remits') }}

)

select
    posted.cents as posted_cents,
    visits.cents as visits_cents,
    unmatched.cents as unmatched_cents
from posted
cross join visits
cross join unmatched
where posted.cents <> visits.cents + unmatched.cents
