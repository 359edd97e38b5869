-- When the cash of a month of service came: months of service against months of payment, payers and patients apart.
with visits as (

    select
        visit_token,
        service_period
    from {{ ref('visit_revenue') }}

),

claims as (

    select
        visit_token,
        {{ period('paid_on') }} as paid_period,
        sum(paid_cents) as payer_paid_cents,
        count(*) as claims
    from {{ ref('int_remits__adjudicated_claims') }}
    group by visit_token, paid_period

),

payments as (

    select
        lines.visit_token,
        {{ period(local_date('lines.happened_at', 'settings.timezone')) }} as paid_period,
        sum(lines.amount_cents) as patient_collected_cents,
        count(*) as payments
    from {{ ref('int_payments__collected_lines') }} as lines
    cross join {{ ref('stg_ops__run_settings') }} as settings
    where lines.visit_token is not null
    group by lines.visit_token, paid_period

),

cash as (

    select
        visits.service_period,
        claims.paid_period,
        claims.payer_paid_cents,
        claims.claims,
        0 as patient_collected_cents,
        0 as payments
    from claims
    inner join visits on claims.visit_token = visits.visit_token
    union all
    select
        visits.service_period,
        payments.paid_period,
        0,
        0,
        payments.patient_collected_cents,
        payments.payments
    from payments
    inner join visits on payments.visit_token = visits.visit_token

)

select
    service_period,
    paid_period,
    12 * (cast(left(paid_period, 4) as integer) - cast(left(service_period, 4) as integer))
    + cast(right(paid_period, 2) as integer) - cast(right(service_period, 2) as integer) as lag_months,
    cast(sum(payer_paid_cents) as bigint) as payer_paid_cents,
    cast(sum(claims) as bigint) as remit_claims,
    cast(sum(patient_collected_cents) as bigint) as patient_collected_cents,
    cast(sum(payments) as bigint) as patient_payments
from cash
group by service_period, paid_period
