-- The memo register. A memo is posted once a Stripe object that carries its id is known; until then it is pending.
with memos as (

    select * from {{ source('ledger', 'memos') }}

),

visits as (

    select * from {{ ref('stg_visits__visits') }}

),

posted as (

    select distinct payload -> 'metadata' ->> 'memo_id' as memo_id from {{ ref('stg_stripe__objects') }}

)

select
    memos.memo_id,
    memos.visit_token,
    visits.practice_id,
    memos.kind,
    memos.amount_cents,
    memos.reason,
    memos.caused_by,
    memos.origin_period,
    memos.period,
    memos.issued_at,
    case when posted.memo_id is null then 'pending' else 'posted' end as posting_status
from memos
left join visits on memos.visit_token = visits.visit_token
left join posted on cast(memos.memo_id as text) = posted.memo_id
