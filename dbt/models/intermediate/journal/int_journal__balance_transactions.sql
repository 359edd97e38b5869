-- Every movement of the Stripe balance: what is left of it, what Stripe kept, and what it was for. A net that is not amount
-- less fee is what nobody can say the meaning of.
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
from {{ ref('int_payments__balance_movements') }}
