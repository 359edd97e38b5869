{{ config(
    materialized='incremental',
    meta={'replaces': {'object_id': 'objects'}},
    indexes=[{'columns': ['object_id'], 'unique': true}, {'columns': ['object_type']}]
) }}

-- The newest version of every Stripe object: by version_at (event.created, else load time), equal times by the larger hash.
with versions as (

    select
        *,
        row_number() over (partition by object_id order by version_at desc, object_sha256 desc) as recency
    from {{ source('raw', 'stripe_object') }}
    where {{ touched('object_id', 'objects') }}

)

select
    object_id,
    object_type,
    version_at,
    payload,
    file_sha256,
    line_number
from versions
where recency = 1
