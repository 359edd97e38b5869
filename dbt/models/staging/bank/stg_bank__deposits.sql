-- Deposits in force: keyed by deposit_id, the newest load wins, within a file the later row.
with rows_by_recency as (

    select
        *,
        row_number() over (partition by deposit_id order by load_id desc, row_number desc) as recency
    from {{ source('raw', 'bank_deposit') }}

)

select
    deposit_id,
    deposited_on,
    amount_cents,
    trace_number,
    file_sha256,
    row_number
from rows_by_recency
where recency = 1
