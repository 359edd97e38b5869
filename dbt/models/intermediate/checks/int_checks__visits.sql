{{ config(
    materialized='incremental',
    meta={'replaces': {'visit_token': 'visits'}},
    indexes=[{'columns': ['visit_token']}]
) }}

-- What the visit ledger, the practice's rules and the fee schedule say of a visit against what payers and Stripe say of it,
-- where the two differ. Many a difference is the business itself (a payer decided otherwise); a cent is a slip.
with visits as (

    select * from {{ ref('int_visits__amounts') }} where {{ touched('visit_token', 'visits') }}

),

asked as (

    select
        visit_token,
        coalesce(min(source_id) filter (where source_kind <> 'usage'), min(source_id)) as source_id
    from {{ ref('int_payments__billed_lines') }}
    where visit_token is not null and {{ touched('visit_token', 'visits') }}
    group by visit_token

),

differing as (

    select
        checks.*,
        visits.visit_token,
        visits.practice_id,
        visits.state_changed_at,
        coalesce(visits.pos_paid, visits.place_of_service) as place_of_service
    from visits
    left join asked on visits.visit_token = asked.visit_token
    cross join lateral (
        values
        (
            'visit_and_claim', 'visits', visits.charge_cents, 'era', visits.newest_claim_id,
            case when visits.primary_is_live then visits.primary_charge_cents end
        ),
        (
            'rule_and_demand', case when visits.bills then 'visits' else 'practices' end, visits.rule_target_cents,
            'stripe', asked.source_id, case when asked.source_id is not null then visits.patient_billed_cents end
        ),
        (
            'fee_and_allowed', 'fees', visits.expected_at_pos_paid_cents,
            'era', visits.newest_claim_id, case when not visits.primary_is_denied then visits.allowed_cents end
        )
    ) as checks (check_name, source_kind, stated_cents, other_kind, other_id, other_cents)
    where checks.stated_cents <> checks.other_cents

)

select
    differing.check_name,
    differing.source_kind,
    coalesce(observed.file_sha256, practices.file_sha256, fee_files.file_sha256) as file_sha256,
    {{ table_position('coalesce(observed.row_number, practices.row_number, fees.row_number)') }} as position,
    cast(differing.visit_token as text) as source_id,
    differing.stated_cents,
    differing.other_kind,
    case
        when differing.other_kind = 'stripe' then demands.file_sha256
        else {{ claim_file('differing.other_id') }}
    end as other_file_sha256,
    -- Usage stands in no file of Stripe's: it is named as the outbox names it.
    case
        when differing.other_kind = 'stripe' then coalesce({{ stripe_position('demands.line_number') }}, differing.other_id)
        else {{ claim_position('differing.other_id') }}
    end as other_position,
    differing.other_cents,
    differing.visit_token
from differing
left join {{ ref('stg_visits__practices') }} as practices
    on differing.source_kind = 'practices'
    and differing.practice_id = practices.practice_id
left join {{ ref('int_visits__fees') }} as fees
    on differing.source_kind = 'fees'
    and differing.visit_token = fees.visit_token
    and differing.place_of_service = fees.place_of_service
left join {{ source('raw', 'file') }} as fee_files on fees.load_id = fee_files.load_id
-- Few visits differ, and the server takes it for nearly all of them: it looks these up a row at a time.
left join lateral (
    select objects.file_sha256, objects.line_number
    from {{ ref('stg_stripe__objects') }} as objects
    where differing.other_kind = 'stripe' and differing.other_id = objects.object_id
    order by objects.object_id
    limit 1
) as demands on true
left join lateral (
    select observations.file_sha256, observations.row_number
    from {{ source('raw', 'visit') }} as observations
    where
        differing.source_kind = 'visits'
        and observations.visit_token = differing.visit_token
        and observations.state_changed_at = differing.state_changed_at
    order by observations.row_sha256 desc
    limit 1
) as observed on true
