{{ config(
    materialized='incremental',
    meta={'replaces': {'object_id': 'objects'}},
    indexes=[{'columns': ['object_id']}, {'columns': ['memo_id']}]
) }}

-- Which Stripe object posts which memo of ours, by the newest version of the object.
select
    object_id,
    {{ own_memo_id() }} as memo_id
from {{ ref('stg_stripe__objects') }}
where {{ own_memo_id() }} is not null and {{ touched('object_id', 'objects') }}
