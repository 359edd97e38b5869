-- The books of one visit.
select
    visit_token,
    practice_id,
    provider_id,
    state,
    service_period,
    payer_id,
    service_code,
    pos_ledger,
    pos_paid,
    charge_cents,
    contractual_cents,
    sequestration_cents,
    denied_cents,
    other_adjustment_cents,
    payer_paid_cents,
    patient_responsibility_cents,
    patient_target_cents,
    patient_billed_cents,
    memo_cents,
    patient_collected_cents,
    patient_balance_cents,
    expected_allowed_cents,
    allowed_cents,
    pos_variance_cents,
    pos_adjusted_revenue_cents
from marts.visit_revenue
where visit_token = %(token)s
