-- The leak underpaid, added up by contract: payer, service code and the place of service that the payer paid on.
with leaks as (

    select
        visit_token,
        amount_cents,
        evidence ->> 'pos' as place_of_service,
        cast(evidence ->> 'expected_allowed_cents' as bigint) as expected_cents,
        cast(evidence ->> 'allowed_cents' as bigint) as allowed_cents
    from {{ ref('leaks') }}
    where category = 'underpaid'

),

now as (

    select
        visits.service_period as period,
        visits.payer_id,
        visits.service_code,
        leaks.place_of_service,
        count(*) as visits,
        cast(sum(leaks.expected_cents) as bigint) as expected_cents,
        cast(sum(leaks.allowed_cents) as bigint) as allowed_cents,
        cast(sum(leaks.amount_cents) as bigint) as underpaid_cents
    from leaks
    inner join {{ ref('visit_revenue') }} as visits on leaks.visit_token = visits.visit_token
    group by visits.service_period, visits.payer_id, visits.service_code, leaks.place_of_service

)

{{ closed_months_stay('now') }}
