-- The leaks of one category in one month, the largest first, a part at a time.
select
    leak_id,
    visit_token,
    practice_id,
    amount_cents,
    evidence,
    first_seen_on
from marts.leaks
where period = %(period)s and category = %(category)s
order by abs(amount_cents) desc nulls last, leak_id asc
limit %(size)s offset %(skipped)s
