-- A month's leaks by category, the largest first. A visit can leak in several ways at once.
select
    category,
    count(*) as count,
    cast(sum(amount_cents) as bigint) as amount_cents,
    count(*) filter (where amount_cents is null) as unpriced,
    min(first_seen_on) as first_seen_on
from marts.leaks
where period = %(period)s
group by category
order by amount_cents desc nulls last, category asc
