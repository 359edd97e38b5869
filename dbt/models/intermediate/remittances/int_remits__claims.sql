-- The remit claims that count: of posted transactions, neither 23 nor 25, in the one order in which the books read them.
with transactions as (

    select * from {{ ref('stg_era__transactions') }} where verdict = 'posted'

),

claims as (

    select * from {{ ref('stg_era__claims') }} where never_counts is not true

)

select
    claims.*,
    transactions.payer_key,
    transactions.payee_npi,
    transactions.paid_on,
    transactions.trn_number,
    row_number() over (
        order by
            transactions.paid_on asc nulls last,
            transactions.trn_number collate "C" asc nulls last,
            claims.st_index asc,
            claims.claim_index asc,
            claims.file_sha256 asc
    ) as remit_order
from claims
inner join transactions
    on claims.file_sha256 = transactions.file_sha256
    and claims.st_index = transactions.st_index
