-- From list price to what is still owed, a month of service and a step a row.
with months as (

    select
        service_period,
        sum(gross_revenue_cents) as gross_revenue_cents,
        sum(contractual_cents) as contractual_cents,
        sum(sequestration_cents) as sequestration_cents,
        sum(denied_cents) as denied_cents,
        sum(other_adjustment_cents) as other_adjustment_cents,
        sum(price_concession_cents) as price_concession_cents,
        sum(missed_visit_fee_cents) as missed_visit_fee_cents,
        sum(net_revenue_cents) as net_revenue_cents,
        sum(payer_paid_cents) as payer_paid_cents,
        sum(patient_share_cents) as patient_share_cents,
        sum(patient_collected_cents) as patient_collected_cents,
        sum(patient_balance_cents) as patient_balance_cents,
        sum(payer_receivable_cents) as payer_receivable_cents,
        sum(unbilled_cents) as unbilled_cents
    from {{ ref('int_month__visit_sums') }}
    group by service_period

),

now as (

    select
        months.service_period as period,
        steps.position,
        steps.step,
        steps.kind,
        cast(steps.amount_cents as bigint) as amount_cents
    from months
    cross join lateral (
        values
        (1, 'gross_patient_service_revenue', 'total', gross_revenue_cents),
        (2, 'contractual', 'movement', -contractual_cents),
        (3, 'sequestration', 'movement', -sequestration_cents),
        (4, 'denied', 'movement', -denied_cents),
        (5, 'other_adjustment', 'movement', -other_adjustment_cents),
        (6, 'price_concession', 'movement', -price_concession_cents),
        (7, 'missed_visit_fees', 'movement', missed_visit_fee_cents),
        (8, 'net_patient_service_revenue', 'total', net_revenue_cents),
        (9, 'payer_paid', 'movement', -payer_paid_cents),
        (10, 'patient_collected', 'movement', -patient_collected_cents),
        (11, 'outstanding', 'total', patient_balance_cents + payer_receivable_cents + unbilled_cents),
        (12, 'patient_balance', 'part', patient_balance_cents),
        (13, 'payer_receivable', 'part', payer_receivable_cents),
        (14, 'unbilled', 'part', unbilled_cents),
        (15, 'patient_share', 'note', patient_share_cents)
    ) as steps (position, step, kind, amount_cents)

)

{{ closed_months_stay('now') }}
