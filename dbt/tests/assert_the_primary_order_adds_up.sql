-- charge = paid + PR + contractual + sequestration + denied + other, but for claims that came unbalanced (shown as findings).
select *
from {{ ref('int_remits__visit_adjudications') }}
where
    primary_charge_cents
    <> primary_paid_cents
    + primary_patient_responsibility_cents
    + contractual_cents
    + sequestration_cents
    + denied_cents
    + other_adjustment_cents
    + primary_residual_cents
