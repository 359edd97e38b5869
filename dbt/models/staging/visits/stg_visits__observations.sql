-- Every observation of a visit, newest first: by state_changed_at, equal times by the larger hash of the canonical row.
with observations as (

    select * from {{ source('raw', 'visit') }}

)

select
    *,
    row_number() over (
        partition by visit_token
        order by state_changed_at desc, row_sha256 desc
    ) as recency
from observations
