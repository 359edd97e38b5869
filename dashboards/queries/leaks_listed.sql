-- The largest leaks of every category of one month.
with ranked as (

    select
        *,
        row_number() over (partition by category order by abs(amount_cents) desc nulls last, leak_id asc) as place
    from marts.leaks
    where period = %(period)s

)

select
    category,
    visit_token,
    practice_id,
    amount_cents,
    evidence,
    first_seen_on
from ranked
where place <= %(listed)s
order by category, place
