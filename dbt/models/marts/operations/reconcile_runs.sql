{{ config(materialized='view') }}

-- Every reconcile there was, how it ended and what it said.
select
    run_id,
    as_of,
    started_at,
    finished_at,
    status,
    is_whole,
    loaded_through,
    memo_count,
    to_jsonb(warnings) as warnings,
    sentence
from {{ source('ops', 'run') }}
