-- The newest reconciles.
select
    run_id,
    as_of,
    started_at,
    finished_at,
    cast(extract(epoch from finished_at - started_at) as integer) as seconds,
    status,
    is_whole,
    loaded_through,
    memo_count,
    warnings,
    sentence
from marts.reconcile_runs
order by started_at desc
limit %(listed)s
