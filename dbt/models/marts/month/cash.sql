{{ config(materialized='view') }}

-- Cash of patients and payers, a piece a row, by who it came from and what it is for.
with visits as (

    select * from {{ ref('visit_revenue') }}

),

claims as (

    select * from {{ ref('int_remits__adjudicated_claims') }}

),

lines as (

    select * from {{ ref('int_payments__collected_lines') }}

),

unapplied as (

    select * from {{ ref('int_payments__unapplied_lines') }}

),

pieces as (

    select
        claims.paid_on,
        'payers' as source,
        claims.claim_id as source_id,
        visits.visit_token,
        visits.practice_id,
        visits.payer_id,
        visits.service_period,
        coalesce(claims.paid_cents, 0) as amount_cents
    from claims
    inner join visits on claims.visit_token = visits.visit_token
    union all
    select
        lines.paid_on,
        'patients',
        lines.source_id,
        visits.visit_token,
        visits.practice_id,
        visits.payer_id,
        visits.service_period,
        lines.amount_cents
    from lines
    inner join visits on lines.visit_token = visits.visit_token
    union all
    select lines.paid_on, 'subscriptions', lines.source_id, null, null, null, null, lines.amount_cents
    from lines
    left join visits on lines.visit_token = visits.visit_token
    where lines.subscription_id is not null and visits.visit_token is null
    union all
    select received_on, 'no_visit', source_id, null, null, null, null, amount_cents
    from unapplied
    union all
    select received_on, 'no_visit', claim_id, null, null, null, null, coalesce(paid_cents, 0)
    from {{ ref('int_remits__unmatched') }}

)

select
    {{ period('paid_on') }} as period,
    paid_on,
    source,
    source_id,
    visit_token,
    practice_id,
    payer_id,
    service_period,
    amount_cents
from pieces
