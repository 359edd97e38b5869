{{ config(schema='intermediate', contract={'enforced': false}, grants={}) }}

-- Leaks the payers' side shows: money for no visit of ours, and money announced that the bank never saw.
with settings as (

    select * from {{ ref('stg_ops__run_settings') }}

),

unmatched as (

    select * from {{ ref('unmatched_remits') }}

),

transactions as (

    select * from {{ ref('stg_era__transactions') }} where verdict = 'posted'

),

deposits as (

    select * from {{ ref('stg_bank__deposits') }}

)

select
    transactions.payer_key as payer_id,
    transactions.paid_on as happened_on,
    {{ period('transactions.paid_on') }} as period,
    'orphan_remit' as category,
    {{ leak_id("'orphan_remit'", claim_id('unmatched')) }} as leak_id,
    unmatched.paid_cents as amount_cents,
    jsonb_build_object(
        'claim_ref', unmatched.claim_ref, 'paid_on', transactions.paid_on, 'why', unmatched.why,
        'best_candidate', unmatched.best_candidate
    ) as evidence
from unmatched
inner join transactions
    on unmatched.file_sha256 = transactions.file_sha256
    and unmatched.st_index = transactions.st_index
union all
select
    transactions.payer_key,
    transactions.paid_on,
    {{ period('transactions.paid_on') }},
    'eft_missing',
    {{ leak_id("'eft_missing'", "transactions.file_sha256 || '#' || transactions.st_index") }},
    transactions.bpr_cents,
    jsonb_build_object(
        'trn_number', transactions.trn_number, 'payer_name', transactions.payer_name, 'paid_on', transactions.paid_on,
        'days_since', settings.as_of - transactions.paid_on
    )
from transactions
cross join settings
where
    transactions.bpr_method = 'ACH'
    and transactions.bpr_cents > 0
    and settings.as_of - transactions.paid_on > settings.eft_overdue_days
    and exists (select 1 from deposits)
    and not exists (
        select 1
        from deposits
        where
            deposits.trace_number = transactions.trn_number
            and deposits.amount_cents = transactions.bpr_cents
    )
