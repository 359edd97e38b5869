with chains as (

    select
        payer_key,
        provider_id,
        -sum(amount_cents) as open_cents
    from {{ ref('provider_balances') }}
    where moves_balance
    group by payer_key, provider_id

),

leaks as (

    select
        coalesce(sum(amount_cents), 0) as leaked_cents,
        count(*) as leaks
    from {{ ref('leaks') }}
    where category = 'recoupment_open'

)

select leaks.*
from leaks
where
    leaks.leaked_cents <> (select coalesce(sum(chains.open_cents), 0) from chains)
    or leaks.leaks <> (select count(*) from chains where chains.open_cents <> 0)
