-- The tie-outs added up: how many pieces of each kind ended how, both sides in cents, and what does not tie.
with ties as (

    select
        'era' as kind,
        case settlement when 'replaced' then settlement else verdict end as status,
        bpr_cents as this_cents,
        claims_cents - provider_adjustments_cents as other_cents,
        residual_cents
    from {{ ref('era_tieout') }}
    union all
    select 'eft', status, expected_cents, deposited_cents, residual_cents
    from {{ ref('eft_tieout') }}
    union all
    select
        'payout',
        case when residual_cents is null then 'manual' when residual_cents = 0 then 'matched' else 'mismatch' end,
        amount_cents,
        transactions_cents,
        residual_cents
    from {{ ref('payout_tieout') }}
    union all
    select 'balance', status, object_cents, transactions_cents, residual_cents
    from {{ ref('balance_tieout') }}
    union all
    select 'input', check_name, stated_cents, other_cents, residual_cents
    from {{ ref('input_tieout') }}
    union all
    select
        'rollforward',
        case unexplained_cents when 0 then 'matched' else 'unexplained' end,
        closing_cents - opening_cents,
        closing_cents - opening_cents - unexplained_cents,
        unexplained_cents
    from {{ ref('stripe_rollforward') }}
    where grain = 'day'

)

select
    kind,
    status,
    count(*) as pieces,
    cast(sum(this_cents) as bigint) as this_cents,
    cast(sum(other_cents) as bigint) as other_cents,
    cast(sum(residual_cents) as bigint) as residual_cents,
    count(*) filter (where this_cents is null) as unreadable
from ties
group by kind, status
