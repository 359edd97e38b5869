-- Memos move what the patient is asked for as demands do, in the month of service the visit has now. They keep the month they
-- were issued to.
select
    'memo' as source_kind,
    cast(memos.memo_id as text) as source_id,
    memos.visit_token,
    visits.practice_id,
    visits.payer_id,
    visits.service_period as origin_period,
    memos.as_of as effective_on,
    {{ entry_lines([["'patient_receivable'", 'signed.cents'], ['visits.receivable', '-signed.cents']]) }},
    memos.period
from {{ source('ledger', 'memo_register') }} as memos
cross join lateral (
    select case memos.kind when 'debit' then memos.amount_cents else -memos.amount_cents end as cents
) as signed
inner join {{ ref('int_visits__amounts') }} as visits on memos.visit_token = visits.visit_token
