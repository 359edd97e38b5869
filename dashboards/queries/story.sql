-- The story of one visit, in the order in which it happened.
select
    happened_on,
    happened_at,
    kind,
    what,
    amount_cents,
    counts_as,
    source_id,
    details
from marts.visit_story
where visit_token = %(token)s
order by happened_on, happened_at nulls last, step, source_id, what
