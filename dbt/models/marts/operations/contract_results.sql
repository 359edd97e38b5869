{{ config(materialized='view') }}
{%- set results = source('ops', 'contract_result') %}

-- How every contract on a feed fared the last time, since when it has been broken, and rows that break it. Read by steps from one
-- contract to the next, since years of runs stand behind each.
with recursive contracts as (

    (
        select contract
        from {{ results }}
        order by contract
        limit 1
    )
    union all
    select following.contract
    from contracts
    cross join lateral (
        select results.contract
        from {{ results }} as results
        where results.contract > contracts.contract
        order by results.contract
        limit 1
    ) as following

)

select
    newest.contract,
    newest.asset,
    newest.table_name,
    newest.severity,
    newest.sentence,
    newest.is_kept,
    newest.broken_rows,
    newest.examples,
    newest.is_of_all_rows,
    newest.judged_at,
    newest.run_id,
    broken.broken_since
from contracts
cross join lateral (
    select results.*
    from {{ results }} as results
    where results.contract = contracts.contract
    order by results.judged_at desc
    limit 1
) as newest
cross join lateral (
    select coalesce(max(results.judged_at), '-infinity') as kept_at
    from {{ results }} as results
    where newest.is_kept is false and results.contract = contracts.contract and results.is_kept
) as kept
cross join lateral (
    select min(results.judged_at) as broken_since
    from {{ results }} as results
    where
        newest.is_kept is false
        and results.contract = contracts.contract
        and results.judged_at > kept.kept_at
        and not results.is_kept
) as broken
