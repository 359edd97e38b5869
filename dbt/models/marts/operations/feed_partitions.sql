{{ config(materialized='view') }}

-- The partitions of each feed, and what each was made of when it was last made.
select
    feed as asset,
    key as partition_key,
    fingerprint,
    recorded_at
from {{ source('ops', 'partition') }}
