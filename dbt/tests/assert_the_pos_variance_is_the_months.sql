-- The variance by payer, service and provider is that of the open months (a closed one may be kept by a version without it), and the
-- claims worth correcting are the leak.
with found as (

    select
        period,
        'variance' as what,
        sum(pos_variance_cents) as cents
    from {{ ref('pos_variance') }}
    group by period
    union all
    select
        period,
        'leak',
        sum(amount_cents)
    from {{ ref('corrected_claims') }}
    group by period

),

wanted as (

    select
        period,
        'variance' as what,
        sum(pos_variance_cents) as cents
    from {{ ref('pos_mix') }}
    group by period
    union all
    select
        period,
        'leak',
        sum(amount_cents)
    from {{ ref('leaks') }}
    where category = 'pos_mismatch'
    group by period

)

select
    period,
    what,
    found.cents,
    wanted.cents as wanted_cents
from found
full outer join wanted using (period, what)
where
    coalesce(found.cents, 0) <> coalesce(wanted.cents, 0)
    and (what = 'leak' or period not in (select closed.period from {{ source('ledger', 'closed_month') }} as closed))
