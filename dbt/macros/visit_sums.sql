{#- The visits there are added up by groups of columns, run after run. Of every amount, <amount>_visits counts the visits that have one;
    withheld is what of a charge is neither an adjustment of the primary payer nor expected from anyone, by the reason why. -#}
{% macro sums_of_visits(groups) -%}
{%- set amounts = [
    'charge', 'contractual', 'sequestration', 'denied', 'other_adjustment', 'payer_paid', 'patient_target', 'patient_billed',
    'patient_collected', 'pos_variance', 'pos_adjusted_revenue', 'patient_balance', 'withheld'
] %}
{%- set comparable =
    'allowed_cents is not null and denied_cents = 0 and expected_allowed_cents + pos_variance_cents is not null'
%}
{%- set counts = {
    'compared': comparable,
    'submitted': 'payer_id is not null and gross_revenue_cents > 0',
    'decided': 'first_decision is not null',
    'passed': "first_decision = 'passed'",
    'first_denied': "first_decision = 'denied'",
    'timed': 'first_decided_on is not null',
    'unpriced': 'pos_variance_cents is null',
    'allowed': 'allowed_cents is not null',
    'patient_responsibility': 'patient_responsibility_cents is not null'
} %}
{%- set sums = {
    'gross_revenue': 'gross_revenue_cents',
    'submitted': 'case when payer_id is not null then gross_revenue_cents end',
    'price_concession': 'price_concession_cents',
    'missed_visit_fee': 'missed_visit_fee_cents',
    'net_revenue': 'gross_revenue_cents - contractual_cents - sequestration_cents - denied_cents - other_adjustment_cents'
    ~ ' - price_concession_cents + missed_visit_fee_cents',
    'patient_share': 'patient_billed_cents + memo_cents',
    'payer_receivable': 'payer_receivable_cents',
    'unbilled': 'unbilled_cents',
    'allowed': 'allowed_cents',
    'expected_allowed': 'expected_allowed_cents',
    'patient_responsibility': 'patient_responsibility_cents',
    'compared_allowed': 'case when ' ~ comparable ~ ' then allowed_cents end',
    'compared_at_ledger': 'case when ' ~ comparable ~ ' then expected_allowed_cents end',
    'compared_at_paid': 'case when ' ~ comparable ~ ' then expected_allowed_cents - pos_variance_cents end'
} %}
{%- set columns = ['visits', 'days_to_decision'] %}
{%- for name in counts %}{% do columns.append(name ~ '_visits') %}{% endfor %}
{%- for name in amounts %}{% do columns.extend([name ~ '_cents', name ~ '_visits']) %}{% endfor %}
{%- for name in sums %}{% do columns.append(name ~ '_cents') %}{% endfor %}
with visits as (

    {{ put_in_and_taken_out('visit_revenue', 'int_touched__revenue', 'visit_token', 'visits') }}

),

reasons as (

    select
        *,
        case
            when state not in ('completed', 'partially_completed') then 'not_billable'
            when payer_id is null then 'self_pay_policy'
            when allowed_cents is null then 'awaiting_payer'
            else 'later_payers'
        end as withheld_reason,
        charge_cents - contractual_cents - sequestration_cents - denied_cents - other_adjustment_cents - payer_paid_cents
        - patient_target_cents as withheld_cents
    from visits

),

moved as (

    select
        {{ groups | join(', ') }},
        sum(times) as visits,
        {%- for name, condition in counts.items() %}
        coalesce(sum(times) filter (where {{ condition }}), 0) as {{ name }}_visits,
        {%- endfor %}
        {%- for name in amounts %}
        coalesce(sum(times * {{ name }}_cents), 0) as {{ name }}_cents,
        coalesce(sum(times) filter (where {{ name }}_cents <> 0), 0) as {{ name }}_visits,
        {%- endfor %}
        {%- for name, amount in sums.items() %}
        coalesce(sum(times * ({{ amount }})), 0) as {{ name }}_cents,
        {%- endfor %}
        coalesce(sum(times * (first_decided_on - ended_on)), 0) as days_to_decision
    from reasons
    group by {{ groups | join(', ') }}

)

{{ added_to_what_stood('moved', groups, columns) }}
{%- endmacro %}
