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

-- A name is looked up in each of the three places by its index: few lines are about a claim, and claims are many.
names as (

    {%- for column in ['normal_payer_claim_number', 'normal_claim_ref', 'normal_original_ref'] %}
    select
        words.payer_key,
        words.reference,
        claims.claim_id,
        {{ 'false' if column == 'normal_original_ref' else 'not claims.is_reversal' }} as is_meant
    from words
    inner join {{ ref('int_remits__claims') }} as claims
        on words.payer_key = claims.payer_key
        and words.name = claims.{{ column }}
    where words.name not in ('', '0')
    {% if not loop.last %}union all{% endif %}
    {%- endfor %}

),

meant as (

    select
        names.payer_key,
        names.reference,
        array_agg(distinct names.claim_id) filter (where names.is_meant) as claim_ids,
        array_agg(distinct matches.visit_token) filter (where matches.visit_token is not null) as visit_tokens
    from names
    left join {{ ref('int_remits__matches') }} as matches on names.claim_id = matches.claim_id
    group by names.payer_key, names.reference

)

select
    payer_key,
    reference,
    case when cardinality(claim_ids) = 1 then claim_ids[1] end as claim_id,
    case when cardinality(visit_tokens) = 1 then visit_tokens[1] end as visit_token
from meant
