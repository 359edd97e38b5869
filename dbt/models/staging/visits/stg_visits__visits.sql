{{ config(
    materialized='incremental',
    meta={'replaces': {'visit_token': 'visits'}},
    indexes=[
        {'columns': ['visit_token'], 'unique': true},
        {'columns': ['ended_on']},
        {'columns': ['service_on', 'charge_cents', 'visit_token']}
    ]
) }}

-- A visit as it stands now, with what ledger.rules.billing says of it under its practice's rules in force. Its newest
-- observation counts: by state_changed_at, equal times by the larger hash of the canonical row.
with settings as (

    select * from {{ ref('stg_ops__run_settings') }}

),

observations as (

    select distinct on (visit_token) *
    from {{ source('raw', 'visit') }}
    where {{ touched('visit_token', 'visits') }}
    order by visit_token asc, state_changed_at desc, row_sha256 desc

),

practices as (

    select * from {{ ref('stg_visits__practices') }}

),

verdicts as (

    select * from {{ source('raw', 'visit_verdict') }}

)

select
    observations.visit_token,
    observations.practice_id,
    observations.provider_id,
    observations.state,
    observations.service_code,
    coalesce(observations.modifiers, '') as modifiers,
    observations.units,
    observations.place_of_service,
    observations.payer_id,
    observations.charge_cents,
    observations.patient_estimate_cents,
    observations.state_changed_at,
    cast(extract(epoch from observations.scheduled_end - observations.scheduled_start) as bigint) / 60 as scheduled_minutes,
    {{ local_date('coalesce(observations.started_at, observations.scheduled_start)', 'settings.timezone') }} as service_on,
    {{ local_date('coalesce(observations.ended_at, observations.scheduled_end)', 'settings.timezone') }} as ended_on,
    verdicts.bills,
    verdicts.on_hold,
    verdicts.target_cents as rule_target_cents
from observations
cross join settings
left join practices
    on observations.practice_id = practices.practice_id
left join verdicts
    on observations.visit_token = verdicts.visit_token
    and observations.state_changed_at = verdicts.state_changed_at
    and observations.row_sha256 = verdicts.row_sha256
    and verdicts.policy_key = coalesce(practices.policy_key, 'default')
    and verdicts.rule_version = settings.rule_version
