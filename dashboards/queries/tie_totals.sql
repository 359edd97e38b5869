-- The tie-outs by source and outcome: how many, how much came in, and what does not tie.
with ties as (

    select
        'era' as source,
        case settlement when 'replaced' then settlement else verdict end as status,
        bpr_cents as amount_cents,
        residual_cents
    from marts.era_tieout
    union all
    select
        'eft' as source,
        status,
        expected_cents as amount_cents,
        residual_cents
    from marts.eft_tieout
    union all
    select
        'payout' as source,
        case when residual_cents is null then 'manual' when residual_cents = 0 then 'matched' else 'mismatch' end as status,
        amount_cents,
        residual_cents
    from marts.payout_tieout

)

select
    source,
    status,
    count(*) as count,
    cast(coalesce(sum(amount_cents), 0) as bigint) as amount_cents,
    cast(sum(residual_cents) as bigint) as residual_cents,
    count(*) filter (where amount_cents is null) as unreadable
from ties
group by source, status
order by source, status in ('posted', 'matched') desc, status
