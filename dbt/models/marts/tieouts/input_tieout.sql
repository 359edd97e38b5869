{{ config(materialized='view') }}

-- Cents that two inputs, or two places of one, say differently; each side with its file and its place in it. A view: what it
-- reads holds the differences alone and replaces what was touched.
with differing as (

    select * from {{ ref('int_checks__visits') }}
    union all
    select
        checks.check_name,
        checks.source_kind,
        checks.file_sha256,
        checks.position,
        checks.source_id,
        checks.stated_cents,
        checks.other_kind,
        checks.file_sha256 as other_file_sha256,
        checks.other_position,
        checks.other_cents,
        matches.visit_token
    from {{ ref('int_checks__remittances') }} as checks
    left join {{ ref('int_remits__matches') }} as matches on checks.claim_id = matches.claim_id
    union all
    select * from {{ ref('int_checks__deposits') }}
    union all
    select * from {{ ref('int_checks__stripe') }}
    union all
    select * from {{ ref('int_checks__stripe_fields') }}

)

select
    differing.check_name,
    differing.source_kind,
    differing.file_sha256,
    differing.position,
    differing.source_id,
    differing.stated_cents,
    differing.other_kind,
    differing.other_file_sha256,
    differing.other_position,
    differing.other_cents,
    differing.stated_cents - differing.other_cents as residual_cents,
    visits.visit_token,
    visits.practice_id
from differing
left join {{ ref('stg_visits__visits') }} as visits on differing.visit_token = visits.visit_token
