-- The books of each visit, with its memos.
with amounts as (

    select * from {{ ref('int_visits__amounts') }}

),

memos as (

    select
        visit_token,
        cast(sum(case kind when 'debit' then amount_cents else -amount_cents end) as bigint) as memo_cents
    from {{ source('ledger', 'memos') }}
    group by visit_token

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
    - amounts.patient_collected_cents as patient_balance_cents
from amounts
left join memos on amounts.visit_token = memos.visit_token
