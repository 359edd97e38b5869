-- The posted PLB lines in remit order, each with what its payer will still take back from its provider after it. Only a
-- forward balance (FB) and an overpayment recovery (WO) move that balance: put off when negative, taken when positive
-- (X12 RFI 1756, 1374). The chain is a payer's and a provider's, across fiscal years.
with transactions as (

    select * from {{ ref('stg_era__transactions') }} where verdict = 'posted'

),

adjustments as (

    select * from {{ ref('stg_era__provider_adjustments') }}

),

lines as (

    select
        transactions.payer_key,
        transactions.payer_name,
        transactions.paid_on,
        transactions.trn_number,
        adjustments.file_sha256,
        adjustments.st_index,
        adjustments.provider_adjustment_index,
        coalesce(adjustments.provider_id, transactions.payee_npi, '') as provider_id,
        adjustments.fiscal_year_end,
        adjustments.reason_code,
        adjustments.kind,
        adjustments.reference,
        adjustments.amount_cents,
        adjustments.kind in ('forward_balance', 'overpayment_recovery') as moves_balance
    from adjustments
    inner join transactions
        on adjustments.file_sha256 = transactions.file_sha256
        and adjustments.st_index = transactions.st_index

),

placed as (

    select
        *,
        row_number() over (
            partition by payer_key, provider_id
            order by
                paid_on asc nulls last,
                trn_number collate "C" asc nulls last,
                st_index asc,
                file_sha256 asc,
                provider_adjustment_index asc
        ) as position
    from lines

)

select
    *,
    cast(-sum(case when moves_balance then amount_cents else 0 end) over (
        partition by payer_key, provider_id
        order by position
    ) as bigint) as open_balance_cents
from placed
