select
    marts.cents,
    leaks.cents as leaked_cents
from (
    select
        coalesce(sum(underpaid_cents), 0) as cents,
        coalesce(sum(visits), 0) as visits
    from {{ ref('underpayments') }}
    where underpaid_cents = expected_cents - allowed_cents
) as marts
cross join (
    select
        coalesce(sum(amount_cents), 0) as cents,
        count(*) as visits
    from {{ ref('leaks') }}
    where category = 'underpaid'
) as leaks
where marts.cents <> leaks.cents or marts.visits <> leaks.visits
