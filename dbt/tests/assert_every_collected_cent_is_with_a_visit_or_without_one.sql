-- Cash from patients is either in a visit's row or of a token that no visit has, to the cent. It holds visit by visit, so that
-- a run that replaces what was touched asks it of these.
with lines as (

    select
        coalesce(sum(lines.amount_cents), 0) as all_cents,
        coalesce(sum(lines.amount_cents) filter (where visits.visit_token is null), 0) as without_visit_cents
    from {{ ref('int_payments__collected_lines') }} as lines
    left join {{ ref('int_visits__amounts') }} as visits on lines.visit_token = visits.visit_token
    where {{ touched('lines.visit_token', 'visits') }}

),

visits as (

    select coalesce(sum(patient_collected_cents), 0) as cents
    from {{ ref('int_visits__amounts') }}
    where {{ touched('visit_token', 'visits') }}

)

select
    lines.all_cents,
    lines.without_visit_cents,
    visits.cents as visits_cents
from lines
cross join visits
where lines.all_cents <> lines.without_visit_cents + visits.cents
