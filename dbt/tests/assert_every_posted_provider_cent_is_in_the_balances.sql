with announced as (

    select coalesce(sum(provider_adjustments_cents), 0) as amount_cents
    from {{ ref('era_tieout') }}
    where verdict = 'posted'

),

listed as (

    select coalesce(sum(amount_cents), 0) as amount_cents from {{ ref('provider_balances') }}

)

select
    announced.amount_cents as announced_cents,
    listed.amount_cents as listed_cents
from announced
cross join listed
where announced.amount_cents <> listed.amount_cents
