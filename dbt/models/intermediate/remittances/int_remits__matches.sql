{{ config(
    materialized='incremental',
    meta={'replaces': {'claim_id': 'claims'}},
    indexes=[{'columns': ['claim_id'], 'unique': true}, {'columns': ['visit_token']}]
) }}

-- Which visit a remit claim is about. Five steps, each for what the earlier ones left: the reference as it stands; upper-cased
-- without blanks and dashes; as the prefix (12 characters or more) of exactly one reference; by a person's word; by the payer's
-- own claim number of an earlier match of that payer, unless it is 0, which payers write where they have none.
with claims as (

    select * from {{ ref('int_remits__claims') }} where {{ touched('claim_id', 'claims') }}

),

by_reference as (

    select
        claims.claim_id,
        coalesce(exact.visit_token, normal.visit_token) as visit_token,
        case when exact.visit_token is not null then 'exact' else 'normalised' end as matched_by
    from claims
    left join {{ ref('stg_visits__claim_refs') }} as exact on claims.claim_ref = exact.claim_ref
    left join {{ ref('stg_visits__claim_refs') }} as normal on claims.normal_claim_ref = normal.claim_ref
    where coalesce(exact.visit_token, normal.visit_token) is not null

),

by_prefix as (

    select
        claims.claim_id,
        (array_agg(refs.visit_token))[1] as visit_token,
        'prefix' as matched_by
    from claims
    inner join {{ ref('stg_visits__claim_refs') }} as refs
        on left(claims.normal_claim_ref, 12) = left(refs.claim_ref, 12)
        and starts_with(refs.claim_ref, claims.normal_claim_ref)
    where
        length(claims.normal_claim_ref) >= 12
        and not exists (select 1 from by_reference where by_reference.claim_id = claims.claim_id)
    group by claims.claim_id
    having count(*) = 1

),

by_reference_or_hand as (

    select * from by_reference
    union all
    select * from by_prefix
    union all
    select
        claims.claim_id,
        said.visit_token,
        'hand'
    from claims
    inner join {{ ref('stg_era__matches') }} as said on claims.claim_id = said.claim_id and said.visit_token is not null
    where
        not exists (select 1 from by_reference where by_reference.claim_id = claims.claim_id)
        and not exists (select 1 from by_prefix where by_prefix.claim_id = claims.claim_id)

),

referenced as (

    select
        claims.payer_key,
        claims.payer_claim_number,
        {{ remit_order_columns('claims') }},
        by_reference_or_hand.visit_token
    from claims
    inner join by_reference_or_hand on claims.claim_id = by_reference_or_hand.claim_id

),

by_payer_claim_number as (

    select
        claims.claim_id,
        (array_agg(referenced.visit_token))[1] as visit_token,
        'payer_claim_number' as matched_by
    from claims
    inner join referenced
        on claims.payer_key = referenced.payer_key
        and claims.payer_claim_number = referenced.payer_claim_number
        and {{ remit_order('claims') }} > {{ remit_order('referenced') }}
    where
        claims.payer_claim_number not in ('', '0')
        and not exists (select 1 from by_reference_or_hand where by_reference_or_hand.claim_id = claims.claim_id)
    group by claims.claim_id
    having count(distinct referenced.visit_token) = 1

)

select * from by_reference_or_hand
union all
select * from by_payer_claim_number
