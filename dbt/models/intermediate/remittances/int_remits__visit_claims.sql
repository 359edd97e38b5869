{{ config(
    materialized='incremental',
    meta={'replaces': {'visit_token': 'visits'}},
    indexes=[{'columns': ['visit_token', 'position'], 'unique': true}, {'columns': ['claim_id'], 'unique': true}]
) }}

-- The remit claims of each visit in their order, with the payer order CLP02 says. Where it says none (4, reversals), the
-- order is that of the visit's other claims of that payer, else primary; a reversal that undoes a claim takes that claim's.
with claims as (

    select
        claims.*,
        matches.visit_token,
        amounts.is_denial and not claims.is_reversal as is_denial,
        case
            when claims.is_reversal then null
            when claims.status_code in ('1', '19') then 1
            when claims.status_code in ('2', '20') then 2
            when claims.status_code in ('3', '21') then 3
        end as stated_order
    from {{ ref('int_remits__claims') }} as claims
    inner join {{ ref('int_remits__matches') }} as matches on claims.claim_id = matches.claim_id
    inner join {{ ref('int_remits__claim_amounts') }} as amounts on claims.claim_id = amounts.claim_id
    where {{ touched('matches.visit_token', 'visits') }}

)

select
    claim_id,
    visit_token,
    payer_key,
    payer_claim_number,
    paid_on,
    is_reversal,
    is_denial,
    charge_cents,
    paid_cents,
    facility_code,
    residual_cents,
    row_number() over (partition by visit_token order by {{ remit_order() }}) as position,
    coalesce(stated_order, min(stated_order) over (partition by visit_token, payer_key), 1) as payer_order
from claims
