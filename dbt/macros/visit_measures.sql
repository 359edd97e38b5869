{#- The measures that a month of service takes from sums of its visits, a measure a row. -#}
{% macro measures_of_visits() -%}
cross join lateral (
    values
    ('visits', 0, visits.visits),
    ('gross_charges', visits.charge_cents, visits.charge_visits),
    ('contractual', visits.contractual_cents, visits.contractual_visits),
    ('sequestration', visits.sequestration_cents, visits.sequestration_visits),
    ('denied', visits.denied_cents, visits.denied_visits),
    ('other_adjustment', visits.other_adjustment_cents, visits.other_adjustment_visits),
    ('allowed', visits.allowed_cents, visits.allowed_visits),
    ('payer_paid', visits.payer_paid_cents, visits.payer_paid_visits),
    ('patient_responsibility', visits.patient_responsibility_cents, visits.patient_responsibility_visits),
    ('patient_target', visits.patient_target_cents, visits.patient_target_visits),
    ('patient_billed', visits.patient_billed_cents, visits.patient_billed_visits),
    ('patient_collected', visits.patient_collected_cents, visits.patient_collected_visits),
    ('pos_variance', visits.pos_variance_cents, visits.pos_variance_visits),
    ('pos_adjusted_revenue', visits.pos_adjusted_revenue_cents, visits.pos_adjusted_revenue_visits),
    ('patient_balance', visits.patient_balance_cents, visits.patient_balance_visits),
    ('withheld_' || visits.withheld_reason, visits.withheld_cents, visits.withheld_visits)
) as measures (measure, amount_cents, count)
{%- endmacro %}
