{{ config(
    schema='intermediate',
    contract={'enforced': false},
    grants={},
    materialized='incremental',
    incremental_strategy='append',
    full_refresh=false,
    post_hook='create unique index if not exists leak_is_sighted_once on {{ this }} (leak_id)'
) }}

-- The day each leak was first seen: written once, kept when the leak is mended, so that one that comes back keeps its age.
with found as (

    select leak_id
    from {{ ref('int_leaks__found') }}
    where visit_token is null or {{ touched('visit_token', 'leaking') }}

)

select
    found.leak_id,
    settings.as_of as first_seen_on
from found
cross join {{ ref('stg_ops__run_settings') }} as settings
{% if is_incremental() %}
where not exists (select 1 from {{ this }} as seen where seen.leak_id = found.leak_id)
{% endif %}
