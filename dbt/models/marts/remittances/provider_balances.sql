-- Every posted PLB line, what it is about, and what its payer will still take back from its provider after it.
with lines as (

    select * from {{ ref('int_remits__provider_lines') }}

),

meanings as (

    select * from {{ ref('int_remits__provider_references') }}

),

claims as (

    select * from {{ ref('int_remits__claims') }}

),

visits as (

    select * from {{ ref('stg_visits__visits') }}

)

select
    lines.payer_key,
    lines.provider_id,
    lines.position,
    lines.payer_name,
    lines.paid_on,
    lines.trn_number,
    lines.file_sha256,
    lines.st_index,
    lines.provider_adjustment_index,
    lines.fiscal_year_end,
    lines.reason_code,
    lines.kind,
    lines.reference,
    lines.amount_cents,
    lines.moves_balance,
    lines.open_balance_cents,
    claims.claim_ref,
    claims.file_sha256 as claim_file_sha256,
    claims.st_index as claim_st_index,
    claims.claim_index,
    visits.visit_token,
    visits.practice_id
from lines
left join meanings
    on lines.payer_key = meanings.payer_key
    and lines.reference = meanings.reference
left join claims on meanings.claim_id = claims.claim_id
left join visits on meanings.visit_token = visits.visit_token
