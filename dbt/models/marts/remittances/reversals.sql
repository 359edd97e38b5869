{{ config(
    materialized='incremental',
    meta={'replaces': {'visit_token': 'visits', "file_sha256 || '#' || st_index || '/' || claim_index": 'claims'}},
    indexes=[{'columns': ['visit_token']}],
    on_schema_change='fail'
) }}
{%- set of_visits, of_claims = touched('visit_token', 'visits'), touched('claim_id', 'claims') %}

-- Every posted reversal with the claim it undoes, in whatever file that came, and what shows it; or why it undoes none.
with {% if replaces_a_part() -%}
changed as (

    select claim_id from {{ ref('int_remits__adjudicated_claims') }} where {{ of_visits }}
    union
    select claim_id from {{ ref('int_remits__claims') }} where {{ of_claims }}

),

{% endif -%}
reversals as (

    select
        claims.*,
        adjudicated.visit_token,
        adjudicated.undoes_claim_id
    from {{ ref('int_remits__claims') }} as claims
    left join {{ ref('int_remits__adjudicated_claims') }} as adjudicated on claims.claim_id = adjudicated.claim_id
    where claims.is_reversal {% if replaces_a_part() %}and claims.claim_id in (select changed.claim_id from changed){% endif %}

),

visits as (

    select * from {{ ref('stg_visits__visits') }}

)

select
    reversals.file_sha256,
    reversals.st_index,
    reversals.claim_index,
    reversals.payer_key,
    reversals.paid_on,
    reversals.trn_number,
    reversals.claim_ref,
    reversals.payer_claim_number,
    reversals.charge_cents,
    reversals.paid_cents,
    undone.file_sha256 as undoes_file_sha256,
    undone.st_index as undoes_st_index,
    undone.claim_index as undoes_claim_index,
    case
        when undone.payer_claim_number = nullif(reversals.payer_claim_number, '') then 'payer_claim_number'
        when undone.payer_claim_number = reversals.original_ref then 'original_ref'
        when undone.claim_id is not null then 'opposite_amounts'
    end as linked_by,
    case
        when reversals.visit_token is null then 'it reaches no visit, so there is no claim to look among'
        when undone.claim_id is null
            then 'no earlier claim of the visit that still stands has its number or its amounts turned round'
    end as why_unlinked,
    visits.visit_token,
    visits.practice_id
from reversals
left join {{ ref('int_remits__claims') }} as undone on reversals.undoes_claim_id = undone.claim_id
left join visits on reversals.visit_token = visits.visit_token
