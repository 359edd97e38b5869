-- What the bank received: a transfer that a posted remittance announced, a payout of Stripe's, or nobody knows what.
with remittances as (

    select distinct trn_number from {{ ref('stg_era__transactions') }} where verdict = 'posted' and trn_number is not null

)

select
    'deposit' as source_kind,
    deposits.deposit_id as source_id,
    cast(null as uuid) as visit_token,
    cast(null as text) as practice_id,
    cast(null as text) as payer_id,
    {{ period('deposits.deposited_on') }} as origin_period,
    deposits.deposited_on as effective_on,
    {{ entry_lines([
        ["'bank'", 'deposits.amount_cents'],
        [
            "case when remittances.trn_number is not null then 'eft_clearing'"
            " when payouts.deposit_id is not null then 'payouts_in_transit' else 'unidentified_deposits' end",
            '-deposits.amount_cents'
        ],
    ]) }}
from {{ ref('stg_bank__deposits') }} as deposits
left join remittances on deposits.trace_number = remittances.trn_number
left join {{ ref('int_bank__payout_deposits') }} as payouts on deposits.deposit_id = payouts.deposit_id
