-- Cash that no visit explains, a piece a row: what stands on the accounts unapplied_cash and unidentified_deposits.
with settings as (

    select * from {{ ref('stg_ops__run_settings') }}

),

unmatched as (

    select
        {{ claim_id('remits') }} as claim_id,
        remits.why
    from {{ ref('unmatched_remits') }} as remits

),

pieces as (

    select
        'unmatched_remit' as kind,
        facts.source_id,
        facts.payer_id,
        facts.effective_on,
        -facts.amounts[array_position(facts.accounts, 'unapplied_cash')] as amount_cents,
        unmatched.why
    from {{ ref('int_journal__remittance_claims') }} as facts
    left join unmatched on facts.source_id = unmatched.claim_id
    where facts.visit_token is null and 'unapplied_cash' = any(facts.accounts)
    union all
    select
        'orphan_payment',
        facts.source_id,
        null,
        facts.effective_on,
        -facts.amounts[array_position(facts.accounts, 'unapplied_cash')],
        case
            when lines.visit_token is null then 'it names no visit and pays no subscription'
            else 'it names a visit that the ledger does not have'
        end
    from {{ ref('int_journal__receipts') }} as facts
    left join {{ ref('int_payments__collected_lines') }} as lines on facts.source_id = lines.source_id
    where facts.visit_token is null and 'unapplied_cash' = any(facts.accounts)
    union all
    select
        'unreconciled_transfer',
        source_id,
        null,
        effective_on,
        -amounts[array_position(accounts, 'unapplied_cash')],
        'it came to Stripe by bank transfer, and no payment explains it'
    from {{ ref('int_journal__balance_transactions') }}
    where 'unapplied_cash' = any(accounts)
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
