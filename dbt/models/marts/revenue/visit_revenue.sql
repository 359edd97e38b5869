{{ config(
    materialized='incremental',
    meta={'replaces': {'visit_token': 'visits'}},
    indexes=[{'columns': ['visit_token'], 'unique': true}, {'columns': ['service_period', 'payer_id']}],
    post_hook='create index if not exists visit_that_owes on {{ this }} (ended_on)
        where patient_balance_cents <> 0 or payer_receivable_cents <> 0 or unbilled_cents <> 0',
    on_schema_change='fail'
) }}
{{- waits_for('int_touched__revenue') }}

-- The books of each visit, with its memos.
with visits as (

    select * from {{ ref('int_visits__amounts') }} where {{ touched('visit_token', 'visits') }}

),

payments as (

    select * from {{ ref('int_visits__payments') }} where {{ touched('visit_token', 'visits') }}

),

memos as (

    select
        visit_token,
        cast(sum(case kind when 'debit' then amount_cents else -amount_cents end) as bigint) as memo_cents
    from {{ source('ledger', 'memos') }}
    where {{ touched('visit_token', 'visits') }}
    group by visit_token

),

amounts as (

    select
        *,
        receivable = 'payer_receivable' as is_the_payers,
        contractual_cents + sequestration_cents + denied_cents + other_adjustment_cents as adjustment_cents
    from visits

)

select
    amounts.visit_token,
    amounts.practice_id,
    amounts.provider_id,
    amounts.state,
    amounts.service_period,
    amounts.payer_id,
    amounts.service_code,
    amounts.charge_cents,
    amounts.payer_paid_cents,
    amounts.patient_responsibility_cents,
    amounts.patient_target_cents,
    amounts.patient_billed_cents,
    amounts.patient_collected_cents,
    coalesce(memos.memo_cents, 0) as memo_cents,
    amounts.contractual_cents,
    amounts.sequestration_cents,
    amounts.denied_cents,
    amounts.other_adjustment_cents,
    amounts.allowed_cents,
    amounts.place_of_service as pos_ledger,
    amounts.pos_paid,
    amounts.expected_allowed_cents,
    amounts.pos_variance_cents,
    amounts.payer_paid_cents
    + amounts.patient_target_cents
    + coalesce(amounts.pos_variance_cents, 0) as pos_adjusted_revenue_cents,
    amounts.patient_billed_cents
    + coalesce(memos.memo_cents, 0)
    - amounts.patient_collected_cents as patient_balance_cents,
    amounts.ended_on,
    amounts.first_decided_on,
    amounts.first_decision,
    amounts.gross_revenue_cents,
    amounts.price_concession_cents,
    amounts.missed_visit_fee_cents,
    case when amounts.is_the_payers then amounts.gross_revenue_cents - asked.asked_cents else 0 end
    - amounts.payer_paid_cents
    - amounts.adjustment_cents as payer_receivable_cents,
    case
        when amounts.is_the_payers then 0
        else
            amounts.gross_revenue_cents
            - amounts.price_concession_cents
            + amounts.missed_visit_fee_cents
            - asked.asked_cents
    end as unbilled_cents,
    amounts.scheduled_minutes,
    coalesce(payments.failed_charge_cents, 0) as failed_charge_cents,
    coalesce(payments.recovered_charge_cents, 0) as recovered_charge_cents
from amounts
left join payments on amounts.visit_token = payments.visit_token
left join memos on amounts.visit_token = memos.visit_token
cross join lateral (select amounts.patient_billed_cents + coalesce(memos.memo_cents, 0) as asked_cents) as asked
