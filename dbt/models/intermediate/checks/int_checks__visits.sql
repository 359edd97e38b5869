{{ config(materialized='view') }}

-- What the visit ledger, the practice's rules and the fee schedule say of a visit against what payers and Stripe say of it,
-- where the two differ. Many a difference is the business itself (a payer decided otherwise); a cent is a slip.
with visits as (

    select * from {{ ref('int_visits__amounts') }}

),

asked as (

    select
        visit_token,
        min(source_id) as source_id
    from {{ ref('int_payments__billed_lines') }}
    where visit_token is not null
    group by visit_token

),

differing as (

    select
        'visit_and_claim' as check_name,
        'visits' as source_kind,
        visits.visit_token,
        visits.charge_cents as stated_cents,
        'era' as other_kind,
        adjudications.newest_claim_id as other_id,
        adjudications.primary_charge_cents as other_cents
    from visits
    inner join {{ ref('int_remits__visit_adjudications') }} as adjudications on visits.visit_token = adjudications.visit_token
    where adjudications.primary_is_live and adjudications.primary_charge_cents <> visits.charge_cents
    union all
    select
        'rule_and_demand',
        case when visits.bills then 'visits' else 'practices' end,
        visits.visit_token,
        visits.rule_target_cents,
        'stripe',
        asked.source_id,
        visits.patient_billed_cents
    from visits
    inner join asked on visits.visit_token = asked.visit_token
    where visits.rule_target_cents <> visits.patient_billed_cents
    union all
    select
        'fee_and_allowed',
        'fees',
        visits.visit_token,
        visits.expected_at_pos_paid_cents,
        'era',
        adjudications.newest_claim_id,
        visits.allowed_cents
    from visits
    inner join {{ ref('int_remits__visit_adjudications') }} as adjudications on visits.visit_token = adjudications.visit_token
    where visits.expected_at_pos_paid_cents <> visits.allowed_cents and not visits.primary_is_denied

)

select
    differing.check_name,
    differing.source_kind,
    coalesce(observed.file_sha256, practices.file_sha256, fee_files.file_sha256) as file_sha256,
    {{ table_position('coalesce(observed.row_number, practices.row_number, fees.row_number)') }} as position,
    cast(differing.visit_token as text) as source_id,
    differing.stated_cents,
    differing.other_kind,
    coalesce(objects.file_sha256, {{ claim_file('differing.other_id') }}) as other_file_sha256,
    case
        when differing.other_kind = 'stripe' then {{ stripe_position('objects.line_number') }}
        else {{ claim_position('differing.other_id') }}
    end as other_position,
    differing.other_cents,
    differing.visit_token
from differing
inner join visits on differing.visit_token = visits.visit_token
left join {{ ref('stg_stripe__objects') }} as objects
    on differing.other_kind = 'stripe'
    and differing.other_id = objects.object_id
left join {{ ref('stg_visits__practices') }} as practices
    on differing.source_kind = 'practices'
    and visits.practice_id = practices.practice_id
left join {{ ref('int_visits__fees') }} as fees
    on differing.source_kind = 'fees'
    and differing.visit_token = fees.visit_token
    and coalesce(visits.pos_paid, visits.place_of_service) = fees.place_of_service
left join {{ source('raw', 'file') }} as fee_files on fees.load_id = fee_files.load_id
left join lateral (
    select observations.file_sha256, observations.row_number
    from {{ source('raw', 'visit') }} as observations
    where
        differing.source_kind = 'visits'
        and observations.visit_token = differing.visit_token
        and observations.state_changed_at = visits.state_changed_at
    order by observations.row_sha256 desc
    limit 1
) as observed on true
