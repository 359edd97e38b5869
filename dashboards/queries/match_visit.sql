-- What is to be compared of a visit with a claim that may be of it.
select
    visit_token,
    practice_id,
    provider_id,
    state,
    payer_id,
    service_code,
    ended_on,
    charge_cents,
    payer_paid_cents,
    patient_target_cents,
    pos_ledger
from marts.visit_revenue
where visit_token = %(token)s
