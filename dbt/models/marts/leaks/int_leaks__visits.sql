{{ config(
    schema='intermediate', contract={'enforced': false}, grants={}, materialized='incremental',
    meta={'replaces': {'visit_token': 'leaking'}}
) }}
{#- A category: when, how much, and the evidence, which says nothing that is another tomorrow. -#}
{%- set leaks = {
    'completed_not_billed': [
        'bills and patient_target_cents > 0 and patient_billed_cents = 0 and memo_cents = 0 and not is_metered',
        'patient_target_cents',
        "'state', state, 'patient_target_cents', patient_target_cents, 'patient_billed_cents', 0) || jsonb_strip_nulls("
        ~ "jsonb_build_object('voided_invoice', voided_invoice_id)"
    ],
    'charge_failed': [
        'patient_target_cents > 0 and patient_collected_cents = 0 and every_charge_failed', 'patient_target_cents',
        "'patient_target_cents', patient_target_cents, 'patient_collected_cents', 0"
    ],
    'billed_not_billable': [
        'not bills and patient_billed_cents > patient_target_cents', 'patient_billed_cents - patient_target_cents',
        "'state', state, 'patient_billed_cents', patient_billed_cents, 'patient_target_cents', patient_target_cents"
    ],
    'claim_never_adjudicated': [
        'payer_id is not null and bills and not is_adjudicated and is_overdue',
        'coalesce(expected_allowed_cents, charge_cents) - patient_estimate_cents',
        "'ended_on', ended_on, 'expected_allowed_cents', expected_allowed_cents, 'charge_cents', charge_cents, "
        ~ "'patient_estimate_cents', patient_estimate_cents"
    ],
    'denied': [
        'bills and primary_is_denied', 'coalesce(expected_allowed_cents, last_primary_adjustment_cents)',
        "'denied_cents', denied_cents, 'expected_allowed_cents', expected_allowed_cents) || jsonb_build_object("
        ~ "variadic case when primary_is_capitated then array['capitation', 'paid as capitation: no appeal'] else '{}' end"
    ],
    'pos_mismatch': [
        'bills and not primary_is_denied and pos_paid <> place_of_service and is_telehealth', 'pos_variance_cents',
        "'pos_ledger', place_of_service, 'pos_paid', pos_paid, 'expected_at_ledger_pos_cents', expected_allowed_cents, "
        ~ "'expected_at_paid_pos_cents', expected_at_pos_paid_cents"
    ],
    'underpaid': [
        'bills and not primary_is_denied and expected_at_pos_paid_cents - allowed_cents >= underpaid_cents',
        'expected_at_pos_paid_cents - allowed_cents',
        "'pos', coalesce(pos_paid, place_of_service), 'expected_allowed_cents', expected_at_pos_paid_cents, "
        ~ "'allowed_cents', allowed_cents"
    ],
    'remit_for_unbillable_visit': [
        'not bills and is_adjudicated and payer_paid_cents > 0', 'payer_paid_cents',
        "'state', state, 'payer_paid_cents', payer_paid_cents"
    ]
} %}

-- Leaks a visit's own row shows (docs/reference.md), in several ways at once. Usage is asked for unless its invoice is void.
with usage as (select * from {{ source('ledger', 'metered_usage') }}),

telehealth as (select array_agg(place_of_service) as places from {{ ref('place_of_service') }} where is_telehealth),

visits as (

    select
        amounts.*,
        revenue.memo_cents,
        settings.underpaid_cents,
        voided.invoice_id as voided_invoice_id,
        voided.usage_id is null and amounts.visit_token in (select visit_token from usage) as is_metered,
        settings.as_of - amounts.ended_on > settings.claim_overdue_days as is_overdue,
        amounts.pos_paid = any(telehealth.places) and amounts.place_of_service = any(telehealth.places) as is_telehealth
    from {{ ref('int_visits__amounts') }} as amounts
    inner join {{ ref('visit_revenue') }} as revenue on amounts.visit_token = revenue.visit_token
    cross join {{ ref('stg_ops__run_settings') }} as settings
    cross join telehealth
    left join {{ ref('int_usage__lines') }} as voided on amounts.visit_token = voided.visit_token and voided.is_void
    where {{ touched('amounts.visit_token', 'leaking') }}

),

leaking as (

    select *
    from visits
    where
        {%- for applies, _, _ in leaks.values() %}
        {{ 'or ' if not loop.first }}({{ applies }})
        {%- endfor %}

)

select
    {{ leak_id('found.category', 'cast(leaking.visit_token as text)') }} as leak_id,
    leaking.visit_token, leaking.practice_id, leaking.payer_id, leaking.provider_id, leaking.ended_on as happened_on,
    leaking.service_period as period,
    found.category,
    found.amount_cents,
    found.evidence
from leaking
cross join lateral (
    values
    {%- for category, (applies, amount_cents, facts) in leaks.items() %}
    ('{{ category }}', {{ applies }}, {{ amount_cents }}, case when {{ applies }} then jsonb_build_object({{ facts }}) end)
    {{- ',' if not loop.last }}
    {%- endfor %}
) as found (category, applies, amount_cents, evidence)
where found.applies
