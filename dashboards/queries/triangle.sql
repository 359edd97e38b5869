-- When the cash of some months of service came.
select
    service_period,
    paid_period,
    payer_paid_cents,
    patient_collected_cents
from marts.lag_triangle
where service_period between %(first)s and %(last)s
order by service_period, paid_period
