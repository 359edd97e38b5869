select visit_token
from {{ ref('visit_revenue') }}
where
    patient_balance_cents <> patient_billed_cents + memo_cents - patient_collected_cents
    or pos_adjusted_revenue_cents <> payer_paid_cents + patient_target_cents + coalesce(pos_variance_cents, 0)
