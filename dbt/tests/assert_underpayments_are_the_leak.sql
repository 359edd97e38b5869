-- In the months that are open: a closed one stays as it was closed.
select
    marts.cents,
    leaks.cents as leaked_cents
from (
    select
        coalesce(sum(underpaid_cents), 0) as cents,
        coalesce(sum(visits), 0) as visits
    from {{ ref('underpayments') }}
    where
        underpaid_cents = expected_cents - allowed_cents
        and period not in (select closed.period from {{ ref('closed_months') }} as closed)
) as marts
cross join (
    select
        coalesce(sum(amount_cents), 0) as cents,
        count(*) as visits
    from {{ ref('leaks') }}
    where
        category = 'underpaid'
        and period not in (select closed.period from {{ ref('closed_months') }} as closed)
) as leaks
where marts.cents <> leaks.cents or marts.visits <> leaks.visits
