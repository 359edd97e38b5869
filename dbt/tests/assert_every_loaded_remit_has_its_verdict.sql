-- Σ BPR02 of what was loaded = posted + held + duplicates + conflicts: no transaction is lost or listed twice.
with loaded as (

    select
        count(*) as transactions,
        coalesce(sum(bpr_cents), 0) as cents
    from {{ source('raw', 'era_transaction') }}

),

tied as (

    select
        count(*) as transactions,
        coalesce(sum(bpr_cents), 0) as cents
    from {{ ref('era_tieout') }}
    where verdict in ('posted', 'held', 'duplicate', 'conflict')

)

select
    loaded.cents as loaded_cents,
    tied.cents as tied_cents
from loaded
cross join tied
where loaded.cents <> tied.cents or loaded.transactions <> tied.transactions
