{{ config(materialized='view') }}

-- Every claim of every remittance that was loaded, what its payer decided, and where that went. A view: it is read for one
-- transaction, by its file, and kept for none.
with claims as (

    select * from {{ ref('stg_era__claims') }}

),

transactions as (

    select * from {{ ref('stg_era__transactions') }}

),

taken as (

    select
        file_sha256,
        st_index,
        claim_index,
        sum(amount_cents) filter (where group_code = 'CO') as co_cents,
        sum(amount_cents) filter (where group_code = 'PI') as pi_cents,
        sum(amount_cents) filter (where group_code not in ('CO', 'PI', 'PR')) as oa_cents
    from {{ source('raw', 'era_adjustment') }}
    group by file_sha256, st_index, claim_index

),

matches as (

    select * from {{ ref('int_remits__matches') }}

),

adjudicated as (

    select * from {{ ref('int_remits__adjudicated_claims') }}

),

visits as (

    select * from {{ ref('stg_visits__visits') }}

)

select
    claims.file_sha256,
    claims.st_index,
    claims.claim_index,
    transactions.payer_name,
    transactions.trn_number,
    transactions.paid_on,
    claims.claim_ref,
    claims.payer_claim_number,
    claims.status_code,
    claims.service_from,
    claims.charge_cents,
    claims.paid_cents,
    claims.patient_responsibility_cents,
    cast(coalesce(taken.co_cents, 0) as bigint) as co_cents,
    cast(coalesce(taken.pi_cents, 0) as bigint) as pi_cents,
    cast(coalesce(taken.oa_cents, 0) as bigint) as oa_cents,
    claims.residual_cents,
    case
        when transactions.settlement = 'replaced' then 'replaced'
        when transactions.verdict <> 'posted' then transactions.verdict
        when claims.never_counts then 'never_posts'
        when matches.visit_token is null then 'unmatched'
        when adjudicated.is_reversal then 'reversal'
        when adjudicated.is_live and adjudicated.is_denial then 'denied'
        when adjudicated.is_live then 'live'
        when adjudicated.is_superseded then 'superseded'
        else 'reversed'
    end as outcome,
    visits.visit_token,
    visits.practice_id,
    matches.matched_by,
    adjudicated.payer_order,
    (
        select case when entries.reverses is null then entries.period end
        from {{ source('ledger', 'journal') }} as entries
        where entries.source_kind = 'remittance_claim' and entries.source_id = claims.claim_id
        order by entries.version desc
        limit 1
    ) as period
from claims
inner join transactions
    on claims.file_sha256 = transactions.file_sha256
    and claims.st_index = transactions.st_index
left join taken
    on claims.file_sha256 = taken.file_sha256
    and claims.st_index = taken.st_index
    and claims.claim_index = taken.claim_index
left join matches on claims.claim_id = matches.claim_id
left join adjudicated on claims.claim_id = adjudicated.claim_id
left join visits on matches.visit_token = visits.visit_token
