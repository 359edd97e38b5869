{{ config(materialized='view') }}

-- What payers said they paid against what the bank received, where the two differ: as in eft_tieout, all payments and all
-- deposits of one trace number.
with paid as (

    select
        trn_number,
        min(file_sha256 || '#' || st_index) as transaction_id,
        sum(bpr_cents) as cents
    from {{ ref('stg_era__transactions') }}
    where verdict = 'posted' and bpr_cents > 0 and bpr_method is distinct from 'NON'
    group by trn_number

),

deposited as (

    select
        trace_number,
        (array_agg(file_sha256 order by deposit_id))[1] as file_sha256,
        (array_agg(row_number order by deposit_id))[1] as row_number,
        sum(amount_cents) as cents
    from {{ ref('stg_bank__deposits') }}
    group by trace_number

)

select
    'payment_and_deposit' as check_name,
    'era' as source_kind,
    {{ claim_file('paid.transaction_id') }} as file_sha256,
    'ST ' || split_part(paid.transaction_id, '#', 2) as position,
    paid.trn_number as source_id,
    cast(paid.cents as bigint) as stated_cents,
    'bank' as other_kind,
    deposited.file_sha256 as other_file_sha256,
    {{ table_position('deposited.row_number') }} as other_position,
    cast(deposited.cents as bigint) as other_cents,
    cast(null as uuid) as visit_token
from paid
inner join deposited on paid.trn_number = deposited.trace_number
where paid.cents <> deposited.cents
