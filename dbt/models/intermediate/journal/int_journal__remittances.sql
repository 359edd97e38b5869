-- Every posted remittance: the transfer it announces, what it takes or adds beside claims, what it says it pays on claims, and
-- what of a released one nothing explains.
with transactions as (

    select
        transactions.file_sha256,
        transactions.st_index,
        transactions.payer_key,
        coalesce(transactions.bpr_cents, 0) as bpr_cents,
        coalesce(transactions.claims_cents, 0) as claims_cents,
        coalesce(transactions.paid_on, {{ local_date('transactions.recorded_at', 'settings.timezone') }}) as effective_on
    from {{ ref('stg_era__transactions') }} as transactions
    cross join {{ ref('stg_ops__run_settings') }} as settings
    where transactions.verdict = 'posted'

),

provider_sums as (

    select
        file_sha256,
        st_index,
        account,
        cast(sum(amount_cents) as bigint) as amount_cents
    from {{ ref('stg_era__provider_adjustments') }}
    group by file_sha256, st_index, account
    having sum(amount_cents) <> 0

),

provider_lines as (

    select
        file_sha256,
        st_index,
        cast(sum(amount_cents) as bigint) as provider_cents,
        cast(array_agg(account order by account) as ledger.account[]) as accounts,
        array_agg(amount_cents order by account) as amounts
    from provider_sums
    group by file_sha256, st_index

),

lines as (

    select
        transactions.file_sha256 || '#' || transactions.st_index as source_id,
        transactions.payer_key,
        transactions.effective_on,
        provider_lines.accounts as provider_accounts,
        provider_lines.amounts as provider_amounts,
        {{ entry_lines([
            ["'eft_clearing'", 'transactions.bpr_cents'],
            ["'remittance_clearing'", '-transactions.claims_cents'],
            [
                "'remittance_difference'",
                'transactions.claims_cents - transactions.bpr_cents - coalesce(provider_lines.provider_cents, 0)'
            ],
        ]) }}
    from transactions
    left join provider_lines
        on transactions.file_sha256 = provider_lines.file_sha256
        and transactions.st_index = provider_lines.st_index

)

select
    'remittance' as source_kind,
    source_id,
    cast(null as uuid) as visit_token,
    cast(null as text) as practice_id,
    payer_key as payer_id,
    {{ period('effective_on') }} as origin_period,
    effective_on,
    accounts || provider_accounts as accounts,
    amounts || provider_amounts as amounts
from lines
