-- Cash that no visit explains, a piece a row: what stands on the accounts unapplied_cash and unidentified_deposits.
with settings as (

    select * from {{ ref('stg_ops__run_settings') }}

),

pieces as (

    select
        'unmatched_remit' as kind,
        unmatched.claim_id as source_id,
        unmatched.payer_key as payer_id,
        unmatched.received_on as effective_on,
        unmatched.paid_cents as amount_cents,
        remits.why
    from {{ ref('int_remits__unmatched') }} as unmatched
    inner join {{ ref('unmatched_remits') }} as remits
        on unmatched.file_sha256 = remits.file_sha256
        and unmatched.st_index = remits.st_index
        and unmatched.claim_index = remits.claim_index
    union all
    select
        'orphan_payment',
        source_id,
        null,
        received_on,
        amount_cents,
        case
            when visit_token is null then 'it names no visit and pays no subscription'
            else 'it names a visit that the ledger does not have'
        end
    from {{ ref('int_payments__unapplied_lines') }}
    union all
    select
        'unreconciled_transfer',
        balance_transaction_id,
        null,
        effective_on,
        amount_cents,
        'it came to Stripe by bank transfer, and no payment explains it'
    from {{ ref('int_payments__balance_movements') }}
    where account = 'unapplied_cash'
    union all
    select
        'unidentified_deposit',
        facts.source_id,
        null,
        facts.effective_on,
        -facts.amounts[array_position(facts.accounts, 'unidentified_deposits')],
        case
            when deposits.trace_number is not null then 'no posted remittance has its trace number'
            else 'it has no trace number, and no payout of its amount arrived in the five days before'
        end
    from {{ ref('int_journal__deposits') }} as facts
    left join {{ ref('stg_bank__deposits') }} as deposits on facts.source_id = deposits.deposit_id
    where 'unidentified_deposits' = any(facts.accounts)

)

select
    pieces.kind,
    pieces.source_id,
    pieces.payer_id,
    pieces.effective_on as received_on,
    settings.as_of - pieces.effective_on as age_days,
    pieces.amount_cents,
    pieces.why
from pieces
cross join settings
where pieces.amount_cents <> 0
