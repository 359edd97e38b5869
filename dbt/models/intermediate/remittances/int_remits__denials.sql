{{ config(
    materialized='incremental',
    meta={'replaces': {'visit_token': 'visits'}},
    indexes=[{'columns': ['visit_token']}]
) }}

-- What primary payers refuse of each visit as it stands: the adjustments of its live denials.
with denied_claims as (

    select
        claim_id,
        visit_token
    from {{ ref('int_remits__adjudicated_claims') }}
    where is_live and is_denial and payer_order = 1 and {{ touched('visit_token', 'visits') }}

)

select
    denied_claims.visit_token,
    denied_claims.claim_id,
    visits.service_period as period,
    visits.payer_id,
    reasons.group_code,
    reasons.reason_code,
    reasons.amount_cents
from denied_claims
inner join {{ ref('int_visits__amounts') }} as visits on denied_claims.visit_token = visits.visit_token
inner join {{ ref('int_remits__denial_reasons') }} as reasons on denied_claims.claim_id = reasons.claim_id
