-- Remit claims whose visit may be another than before, with the one it was: those of touched files, those that a new claim
-- reference may mean (whole, or cut to 12 characters or more), those that a person had a word about, and all that share the
-- payer's claim number with one of these.
-- Numbers are the same as they stand, as where claims are matched: of a dash nothing is left but for the index.
with of_files as (

    select
        claims.claim_id,
        claims.payer_claim_number,
        claims.normal_payer_claim_number
    from {{ ref('int_touched__files') }} as files
    -- File by file, as in of_touched_files: the offset keeps the server from joining them all; AM09 misses an order, of which there is
    -- nothing to choose.
    cross join lateral (
        select loaded.* from {{ ref('stg_era__claims') }} as loaded where files.file_sha256 = loaded.file_sha256 offset 0 -- noqa: AM09
    ) as claims

),

new_refs as (

    select claim_ref
    from {{ source('raw', 'claim_ref') }}
    where {{ not flags.FULL_REFRESH }} and load_id > {{ since() }}

),

spellings as (

    select {{ normal_reference('claim_ref') }} as normal_claim_ref
    from new_refs
    union
    select left(new_refs.claim_ref, lengths.length)
    from new_refs
    cross join lateral generate_series(12, length(new_refs.claim_ref)) as lengths (length)

),

by_reference as (

    select
        claims.claim_id,
        claims.payer_claim_number,
        claims.normal_payer_claim_number
    from {{ ref('int_remits__claims') }} as claims
    inner join spellings on claims.normal_claim_ref = spellings.normal_claim_ref

),

named as (

    select * from of_files
    union
    select * from by_reference
    union
    select
        claims.claim_id,
        claims.payer_claim_number,
        claims.normal_payer_claim_number
    from {{ ref('int_remits__claims') }} as claims
    inner join {{ ref('stg_era__matches') }} as said on claims.claim_id = said.claim_id
    where {{ not flags.FULL_REFRESH }} and said.match_id > {{ since() }}

),

numbers as (

    select distinct
        payer_claim_number,
        normal_payer_claim_number
    from named
    where payer_claim_number not in ('', '0')

),

claims as (

    select claim_id
    from named
    union
    select claims.claim_id
    from {{ ref('int_remits__claims') }} as claims
    inner join numbers
        on claims.normal_payer_claim_number = numbers.normal_payer_claim_number
        and claims.payer_claim_number = numbers.payer_claim_number

),

matches_before as (

    {{ as_it_was('intermediate', 'int_remits__matches', {'claim_id': 'text', 'visit_token': 'uuid'}) }}

)

select
    claims.claim_id,
    matches_before.visit_token as visit_token_before
from claims
left join matches_before on claims.claim_id = matches_before.claim_id
