{{ config(schema='intermediate', contract={'enforced': false}, grants={}) }}

-- Visits with the leak pos_mismatch, and the claim that their payer decided last: what a replacement names.
with leaks as (

    select
        visit_token,
        amount_cents,
        cast(evidence ->> 'expected_at_ledger_pos_cents' as bigint) as expected_at_ledger_cents,
        cast(evidence ->> 'expected_at_paid_pos_cents' as bigint) as expected_at_paid_cents
    from {{ ref('int_leaks__visits') }}
    where category = 'pos_mismatch'

),

paid_on as (

    select distinct on (leaks.visit_token)
        leaks.visit_token,
        claims.claim_id,
        claims.normal_claim_ref,
        claims.file_sha256,
        claims.st_index,
        claims.claim_index,
        claims.trn_number,
        claims.paid_on,
        case when claims.normal_payer_claim_number not in ('', '0') then claims.payer_claim_number end as original_reference,
        transactions.payer_name
    from leaks
    inner join {{ ref('int_remits__adjudicated_claims') }} as adjudicated
        on leaks.visit_token = adjudicated.visit_token
        and adjudicated.is_live
        and adjudicated.payer_order = 1
    inner join {{ ref('int_remits__claims') }} as claims on adjudicated.claim_id = claims.claim_id
    inner join {{ ref('stg_era__transactions') }} as transactions
        on claims.file_sha256 = transactions.file_sha256
        and claims.st_index = transactions.st_index
    order by leaks.visit_token asc, adjudicated.position desc

),

-- Our reference as it was sent: the one that came back, whole or cut, else the visit's newest.
sent as (

    select distinct on (paid_on.visit_token)
        paid_on.visit_token,
        refs.claim_ref
    from paid_on
    inner join {{ source('raw', 'claim_ref') }} as refs on paid_on.visit_token = refs.visit_token
    order by
        paid_on.visit_token asc,
        starts_with(refs.claim_ref, paid_on.normal_claim_ref) desc nulls last,
        refs.load_id desc,
        refs.claim_ref asc

)

select
    leaks.*,
    sent.claim_ref,
    paid_on.payer_name,
    paid_on.original_reference,
    paid_on.trn_number,
    paid_on.paid_on,
    paid_on.file_sha256,
    paid_on.st_index,
    paid_on.claim_index
from leaks
inner join paid_on on leaks.visit_token = paid_on.visit_token
left join sent on leaks.visit_token = sent.visit_token
