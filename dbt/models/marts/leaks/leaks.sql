{{ config(materialized='view') }}

-- Money that is not where it should be, a leak a row, with the evidence. A view: what it reads replaces what was touched.
select
    found.leak_id,
    found.visit_token,
    found.practice_id,
    found.category,
    found.amount_cents,
    found.evidence,
    sightings.first_seen_on,
    found.period,
    found.payer_id,
    found.provider_id,
    found.happened_on,
    {{ age_bucket('settings.as_of - found.happened_on') }} as bucket
from {{ ref('int_leaks__found') }} as found
inner join {{ ref('int_leaks__sightings') }} as sightings on found.leak_id = sightings.leak_id
cross join {{ ref('stg_ops__run_settings') }} as settings
