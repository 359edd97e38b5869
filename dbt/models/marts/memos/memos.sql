{{ config(
    materialized='incremental',
    meta={'replaces': {'visit_token': 'visits'}},
    indexes=[
        {'columns': ['memo_id'], 'unique': true},
        {'columns': ['visit_token']},
        {'columns': ['issued_at', 'memo_id']},
        {'columns': ['period', 'issued_at', 'memo_id']}
    ],
    on_schema_change='fail'
) }}

-- The memo register. A memo is posted while a Stripe object that carries its id stands; else it is pending.
with memos as (

    select * from {{ source('ledger', 'memos') }} where {{ touched('visit_token', 'visits') }}

),

visits as (

    select * from {{ ref('stg_visits__visits') }} where {{ touched('visit_token', 'visits') }}

),

posted as (

    select distinct memo_id from {{ ref('int_memos__posting_objects') }}

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
