{{ config(materialized='view') }}

-- All that the books know of a visit, a moment a row. A view over tables with an index by visit: it is read for one visit, or
-- few, and kept for none.
with settings as (

    select * from {{ ref('stg_ops__run_settings') }}

),

moments as (

    {{ story_of_states() }}
    union all
    {{ story_of_claims() }}
    union all
    {{ story_of_adjustments() }}
    union all
    {{ story_of_patients() }}
    union all
    {{ story_of_books() }}
    union all
    {{ story_of_staff() }}

)

select
    moments.visit_token,
    visits.practice_id,
    coalesce(moments.happened_on, {{ local_date('moments.happened_at', 'settings.timezone') }}) as happened_on,
    moments.happened_at,
    moments.step,
    moments.kind,
    moments.what,
    moments.amount_cents,
    moments.counts_as,
    moments.source_id,
    moments.details
from moments
inner join {{ ref('stg_visits__visits') }} as visits on moments.visit_token = visits.visit_token
cross join settings
