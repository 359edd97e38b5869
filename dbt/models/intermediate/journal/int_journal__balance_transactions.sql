-- Every movement of the Stripe balance: what is left of it, what Stripe kept, and what it was for. A net that is not amount
-- less fee is what nobody can say the meaning of.
with movements as (

    select
        transactions.balance_transaction_id,
        transactions.net_cents,
        coalesce(transactions.fee_cents, 0) as fee_cents,
        coalesce(transactions.amount_cents, transactions.net_cents + coalesce(transactions.fee_cents, 0)) as amount_cents,
        {{ local_date('transactions.created_at', 'settings.timezone') }} as effective_on,
        coalesce(exact.account, usual.account, 'stripe_unclassified') as account
    from {{ ref('stg_stripe__balance_transactions') }} as transactions
    cross join {{ ref('stg_ops__run_settings') }} as settings
    left join {{ ref('balance_transaction') }} as exact
        on transactions.type = exact.type
        and transactions.reporting_category = exact.reporting_category
    left join {{ ref('balance_transaction') }} as usual
        on transactions.type = usual.type
        and usual.reporting_category = 'any'

)

select
    'balance_transaction' as source_kind,
    balance_transaction_id as source_id,
    cast(null as uuid) as visit_token,
    cast(null as text) as practice_id,
    cast(null as text) as payer_id,
    {{ period('effective_on') }} as origin_period,
    effective_on,
    {{ entry_lines([
        ["'stripe_clearing'", 'net_cents'],
        ['account', '-amount_cents'],
        ["'processor_fees'", 'fee_cents'],
        ["'stripe_unclassified'", 'amount_cents - fee_cents - net_cents'],
    ]) }}
from movements
