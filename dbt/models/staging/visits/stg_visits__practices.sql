-- The rules of each practice in force: the newest load wins, within a file the later row.
with rows_by_recency as (

    select
        practice_id,
        policy_key,
        file_sha256,
        row_number,
        row_number() over (partition by practice_id order by load_id desc, row_number desc) as recency
    from {{ source('raw', 'practice') }}

)

select
    practice_id,
    policy_key,
    file_sha256,
    row_number
from rows_by_recency
where recency = 1
