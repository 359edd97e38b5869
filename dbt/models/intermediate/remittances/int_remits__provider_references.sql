-- Which claim and which visit the reference of a PLB line means: a payer's claim number (CLP07) or our own reference (CLP01), as
-- the whole of it or as one of its words, among the claims of that payer; and only if no other can be meant. A reversal, and a
-- correction that names the number in REF*F8, say which visit it is, while the claim meant is the one they undo or correct.
with words as (

    select distinct
        lines.payer_key,
        lines.reference,
        translate(upper(words.word), ' -', '') as name
    from {{ ref('int_remits__provider_lines') }} as lines
    cross join lateral unnest(array_append(string_to_array(lines.reference, ' '), lines.reference)) as words (word)
    where lines.reference is not null

),

claims as (

    select
        claims.claim_id,
        claims.payer_key,
        claims.is_reversal,
        claims.normal_claim_ref,
        translate(upper(claims.payer_claim_number), ' -', '') as payer_claim_number,
        translate(upper(claims.original_ref), ' -', '') as original_ref,
        matches.visit_token
    from {{ ref('int_remits__claims') }} as claims
    left join {{ ref('int_remits__matches') }} as matches on claims.claim_id = matches.claim_id

),

names as (

    select
        claims.claim_id,
        claims.payer_key,
        claims.visit_token,
        names.name,
        not claims.is_reversal and names.is_own as is_meant
    from claims
    cross join lateral (
        values (claims.payer_claim_number, true), (claims.normal_claim_ref, true), (claims.original_ref, false)
    ) as names (name, is_own)
    where names.name not in ('', '0')

),

meant as (

    select
        words.payer_key,
        words.reference,
        array_agg(distinct names.claim_id) filter (where names.is_meant) as claim_ids,
        array_agg(distinct names.visit_token) filter (where names.visit_token is not null) as visit_tokens
    from words
    inner join names on words.payer_key = names.payer_key and words.name = names.name
    group by words.payer_key, words.reference

)

select
    payer_key,
    reference,
    case when cardinality(claim_ids) = 1 then claim_ids[1] end as claim_id,
    case when cardinality(visit_tokens) = 1 then visit_tokens[1] end as visit_token
from meant
