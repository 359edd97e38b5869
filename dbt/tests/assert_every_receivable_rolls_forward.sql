-- Each opening is the closing before it, what moved it is named to the cent, and what patients are asked for is what others
-- are not owed any more.
with months as (

    select
        *,
        lag(closing_cents, 1, 0) over (
            partition by owed_by
            order by period
        ) as closed_before_cents,
        sum(asked_cents + memos_cents) over (partition by period) as transferred_cents
    from {{ ref('ar_rollforward') }}

)

select *
from months
where
    opening_cents <> closed_before_cents
    or transferred_cents <> 0
    or opening_cents
    + charges_cents
    + asked_cents
    + memos_cents
    + payments_cents
    + adjustments_cents
    + write_offs_cents
    <> closing_cents
