{{ config(
    materialized='incremental',
    meta={'replaces': {'visit_token': 'visits'}},
    indexes=[{'columns': ['claim_id'], 'unique': true}, {'columns': ['visit_token']}, {'columns': ['paid_on']}]
) }}
{{- waits_for('int_touched__cash') }}

-- Every remit claim of a visit with its payer order and whether it is live: no reversal, not reversed, not superseded.
with claims as (

    select * from {{ ref('int_remits__visit_claims') }} where {{ touched('visit_token', 'visits') }}

),

readings as (

    select
        *,
        row_number() over (partition by visit_token order by position desc) as recency
    from {{ ref('int_remits__corrections') }}
    where {{ touched('visit_token', 'visits') }}

),

corrections as (

    select
        visit_token,
        position,
        undoes
    from readings

),

last_readings as (

    select
        visit_token,
        undone,
        superseded
    from readings
    where recency = 1

)

select
    claims.claim_id,
    claims.visit_token,
    claims.position,
    coalesce(target.payer_order, claims.payer_order) as payer_order,
    claims.payer_key,
    claims.paid_on,
    claims.is_reversal,
    claims.is_denial,
    claims.charge_cents,
    claims.paid_cents,
    claims.facility_code,
    claims.residual_cents,
    target.claim_id as undoes_claim_id,
    claims.position = any(coalesce(last_readings.superseded, '{}')) as is_superseded,
    not claims.is_reversal
    and claims.position <> all(coalesce(last_readings.undone, '{}'))
    and claims.position <> all(coalesce(last_readings.superseded, '{}')) as is_live
from claims
left join last_readings on claims.visit_token = last_readings.visit_token
left join corrections
    on claims.visit_token = corrections.visit_token
    and claims.position = corrections.position
left join claims as target
    on corrections.visit_token = target.visit_token
    and corrections.undoes = target.position
