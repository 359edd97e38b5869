-- How each payer pays, by month of service.
with payers as (

    select
        service_period as period,
        payer_id,
        sum(visits) as visits,
        sum(submitted_visits) as submitted_visits,
        sum(decided_visits) as decided_visits,
        sum(timed_visits) as timed_visits,
        sum(days_to_decision) as days_to_decision,
        sum(passed_visits) as passed_visits,
        sum(denied_visits) as denied_visits,
        sum(submitted_cents) as submitted_cents,
        sum(contractual_cents) as contractual_cents,
        sum(denied_cents) as denied_cents,
        sum(payer_paid_cents) as payer_paid_cents,
        sum(patient_collected_cents) as patient_collected_cents,
        sum(gross_revenue_cents + missed_visit_fee_cents) as charges_cents,
        sum(payer_receivable_cents) as payer_receivable_cents
    from {{ ref('int_month__visit_sums') }}
    where payer_id is not null
    group by service_period, payer_id

),

underpaid as (

    select
        period,
        payer_id,
        sum(visits) as visits,
        sum(underpaid_cents) as underpaid_cents
    from {{ ref('underpayments') }}
    group by period, payer_id

),

now as (

    select
        payers.period,
        payers.payer_id,
        cast(payers.visits as bigint) as visits,
        cast(payers.submitted_visits as bigint) as submitted_visits,
        cast(payers.decided_visits as bigint) as decided_visits,
        case
            when payers.timed_visits > 0
                then cast(round(1.0 * payers.days_to_decision / payers.timed_visits, 4) as numeric(20, 4))
        end as days_to_pay,
        {{ basis_points('payers.passed_visits', 'payers.decided_visits') }} as first_pass_bp,
        cast(payers.denied_visits as bigint) as denied_visits,
        cast(payers.denied_cents as bigint) as denied_cents,
        cast(payers.submitted_cents as bigint) as submitted_cents,
        {{ basis_points('payers.denied_cents', 'payers.submitted_cents') }} as denial_bp,
        {{ basis_points(
            'payers.payer_paid_cents + payers.patient_collected_cents', '(payers.charges_cents - payers.contractual_cents)'
        ) }} as net_collection_bp,
        cast(payers.payer_paid_cents as bigint) as payer_paid_cents,
        cast(payers.payer_receivable_cents as bigint) as payer_receivable_cents,
        cast(coalesce(underpaid.visits, 0) as bigint) as underpaid_visits,
        cast(coalesce(underpaid.underpaid_cents, 0) as bigint) as underpaid_cents
    from payers
    left join underpaid
        on payers.period = underpaid.period
        and payers.payer_id = underpaid.payer_id

)

{{ closed_months_stay('now') }}
