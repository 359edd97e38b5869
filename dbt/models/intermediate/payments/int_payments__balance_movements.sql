{{ config(
    materialized='incremental',
    meta={'replaces': {'balance_transaction_id': 'objects'}},
    indexes=[
        {'columns': ['balance_transaction_id'], 'unique': true},
        {'columns': ['source_id']},
        {'columns': ['account']}
    ]
) }}
{{- waits_for('int_touched__balance') }}

-- Every movement of the Stripe balance and the account of what it was for. A net that is not amount less fee is what nobody
-- can say the meaning of.
select
    transactions.balance_transaction_id,
    coalesce(transactions.source_id, transactions.balance_transaction_id) as source_id,
    transactions.type,
    transactions.payout_id,
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
where {{ touched('transactions.balance_transaction_id', 'objects') }}
