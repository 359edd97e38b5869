{{ config(schema='intermediate', contract={'enforced': false}, grants={}) }}

-- Leaks a visit's own row shows (docs/reference.md). A visit can leak in several ways at once.
with visits as (

    select
        amounts.*,
        revenue.memo_cents,
        settings.as_of - amounts.ended_on as days_since_end,
        settings.claim_overdue_days,
        settings.underpaid_cents
    from {{ ref('int_visits__amounts') }} as amounts
    inner join {{ ref('visit_revenue') }} as revenue on amounts.visit_token = revenue.visit_token
    cross join {{ ref('stg_ops__run_settings') }} as settings

),

telehealth as (

    select place_of_service from {{ ref('place_of_service') }} where is_telehealth

),

judged as (

    select
        *,
        bills and patient_target_cents > 0 and patient_billed_cents = 0 and memo_cents = 0 as completed_not_billed,
        patient_target_cents > 0 and patient_collected_cents = 0 and every_charge_failed as charge_failed,
        not bills and patient_billed_cents > patient_target_cents as billed_not_billable,
        payer_id is not null and bills and not is_adjudicated
        and days_since_end > claim_overdue_days as claim_never_adjudicated,
        bills and primary_is_denied as denied,
        bills and not primary_is_denied and pos_paid <> place_of_service
        and pos_paid in (select telehealth.place_of_service from telehealth)
        and place_of_service in (select telehealth.place_of_service from telehealth) as pos_mismatch,
        bills and not primary_is_denied
        and expected_at_pos_paid_cents - allowed_cents >= underpaid_cents as underpaid,
        not bills and is_adjudicated and payer_paid_cents > 0 as remit_for_unbillable_visit
    from visits

)

select
    judged.visit_token,
    judged.practice_id,
    judged.service_period as period,
    found.category,
    found.amount_cents,
    found.evidence
from judged
cross join lateral (
    values
    (
        'completed_not_billed', completed_not_billed, patient_target_cents,
        jsonb_build_object('state', state, 'patient_target_cents', patient_target_cents, 'patient_billed_cents', 0)
    ),
    (
        'charge_failed', charge_failed, patient_target_cents,
        jsonb_build_object('patient_target_cents', patient_target_cents, 'patient_collected_cents', 0)
    ),
    (
        'billed_not_billable', billed_not_billable, patient_billed_cents - patient_target_cents,
        jsonb_build_object(
            'state', state, 'patient_billed_cents', patient_billed_cents, 'patient_target_cents', patient_target_cents
        )
    ),
    (
        'claim_never_adjudicated', claim_never_adjudicated,
        coalesce(expected_allowed_cents, charge_cents) - patient_estimate_cents,
        jsonb_build_object(
            'ended_on', ended_on, 'days_since_end', days_since_end, 'expected_allowed_cents', expected_allowed_cents,
            'charge_cents', charge_cents, 'patient_estimate_cents', patient_estimate_cents
        )
    ),
    (
        'denied', denied, coalesce(expected_allowed_cents, last_primary_adjustment_cents),
        jsonb_build_object('denied_cents', denied_cents, 'expected_allowed_cents', expected_allowed_cents)
        || cast(case when primary_is_capitated then '{"capitation": "paid as capitation: no appeal"}' else '{}' end as jsonb)
    ),
    (
        'pos_mismatch', pos_mismatch, pos_variance_cents,
        jsonb_build_object(
            'pos_ledger', place_of_service, 'pos_paid', pos_paid, 'expected_at_ledger_pos_cents', expected_allowed_cents,
            'expected_at_paid_pos_cents', expected_at_pos_paid_cents
        )
    ),
    (
        'underpaid', underpaid, expected_at_pos_paid_cents - allowed_cents,
        jsonb_build_object(
            'pos', coalesce(pos_paid, place_of_service), 'expected_allowed_cents', expected_at_pos_paid_cents,
            'allowed_cents', allowed_cents
        )
    ),
    (
        'remit_for_unbillable_visit', remit_for_unbillable_visit, payer_paid_cents,
        jsonb_build_object('state', state, 'payer_paid_cents', payer_paid_cents)
    )
) as found (category, applies, amount_cents, evidence)
where found.applies
