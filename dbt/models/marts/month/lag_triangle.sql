-- When the cash of a month of service came: months of service against months of payment, payers and patients apart.
with months as (

    select
        service_period,
        {{ period('paid_on') }} as paid_period,
        sum(payer_paid_cents) as payer_paid_cents,
        sum(remit_claims) as remit_claims,
        sum(patient_collected_cents) as patient_collected_cents,
        sum(patient_payments) as patient_payments
    from {{ ref('int_month__cash') }}
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
