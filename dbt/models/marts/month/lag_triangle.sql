-- When the cash of a month of service came: months of service against months of payment, payers and patients apart. Days are
-- added up before they become months, so that a million pieces are read once.
with visits as (

    select
        visit_token,
        service_period
    from {{ ref('visit_revenue') }}

),

payments as (

    select
        lines.visit_token,
        {{ local_date('lines.happened_at', 'settings.timezone') }} as paid_on,
        lines.amount_cents
    from {{ ref('int_payments__collected_lines') }} as lines
    cross join {{ ref('stg_ops__run_settings') }} as settings

),

days as (

    select
        visits.service_period,
        claims.paid_on,
        sum(claims.paid_cents) as payer_paid_cents,
        count(*) as remit_claims,
        0 as patient_collected_cents,
        0 as patient_payments
    from {{ ref('int_remits__adjudicated_claims') }} as claims
    inner join visits on claims.visit_token = visits.visit_token
    group by visits.service_period, claims.paid_on
    union all
    select
        visits.service_period,
        payments.paid_on,
        0,
        0,
        sum(payments.amount_cents),
        count(*)
    from payments
    inner join visits on payments.visit_token = visits.visit_token
    group by visits.service_period, payments.paid_on

),

months as (

    select
        service_period,
        {{ period('paid_on') }} as paid_period,
        sum(payer_paid_cents) as payer_paid_cents,
        sum(remit_claims) as remit_claims,
        sum(patient_collected_cents) as patient_collected_cents,
        sum(patient_payments) as patient_payments
    from days
    group by service_period, paid_period

)

select
    service_period,
    paid_period,
    12 * (cast(left(paid_period, 4) as integer) - cast(left(service_period, 4) as integer))
    + cast(right(paid_period, 2) as integer) - cast(right(service_period, 2) as integer) as lag_months,
    cast(payer_paid_cents as bigint) as payer_paid_cents,
    cast(remit_claims as bigint) as remit_claims,
    cast(patient_collected_cents as bigint) as patient_collected_cents,
    cast(patient_payments as bigint) as patient_payments
from months
