-- The leaks of one visit.
select
    leak_id,
    category,
    visit_token,
    practice_id,
    amount_cents,
    evidence,
    first_seen_on
from marts.leaks
where visit_token = %(token)s
order by abs(amount_cents) desc nulls last, leak_id asc
