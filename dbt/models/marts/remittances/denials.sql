-- What primary payers refuse as it stands (of a closed month: as it stood), by month of service, payer and reason: the adjustments of live denials.
with denied_claims as (

    select *
    from {{ ref('int_remits__adjudicated_claims') }}
    where is_live and is_denial and payer_order = 1

),

adjustments as (

    select * from {{ ref('stg_era__adjustments') }}

),

visits as (

    select * from {{ ref('int_visits__amounts') }}

),

now as (

    select
        visits.service_period as period,
        visits.payer_id,
        adjustments.group_code,
        adjustments.reason_code,
        count(distinct denied_claims.claim_id) as claims,
        cast(sum(adjustments.amount_cents) as bigint) as amount_cents
    from denied_claims
    inner join visits on denied_claims.visit_token = visits.visit_token
    inner join adjustments on denied_claims.claim_id = adjustments.claim_id
    group by visits.service_period, visits.payer_id, adjustments.group_code, adjustments.reason_code

)

{{ closed_months_stay('now') }}
