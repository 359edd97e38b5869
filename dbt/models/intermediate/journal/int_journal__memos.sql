-- Memos move what the patient is asked for as demands do, in the month of service the visit has now. They keep the month they
-- were issued to.
with memos as (

    select
        *,
        case kind when 'debit' then amount_cents else -amount_cents end as signed_cents
    from {{ source('ledger', 'memo_register') }}

)

select
    'memo' as source_kind,
    cast(memos.memo_id as text) as source_id,
    memos.visit_token,
    visits.practice_id,
    visits.payer_id,
    visits.service_period as origin_period,
    memos.as_of as effective_on,
    {{ entry_lines([["'patient_receivable'", 'memos.signed_cents'], ['visits.receivable', '-memos.signed_cents']]) }},
    memos.period
from memos
inner join {{ ref('int_visits__amounts') }} as visits on memos.visit_token = visits.visit_token
