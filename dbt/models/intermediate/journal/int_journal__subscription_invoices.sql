-- What subscribers were invoiced for: owed at once, earned as the days pass. A credit note takes it back.
select
    'subscription_invoice' as source_kind,
    source_id,
    cast(null as uuid) as visit_token,
    cast(null as text) as practice_id,
    cast(null as text) as payer_id,
    {{ period('asked_on') }} as origin_period,
    asked_on as effective_on,
    {{ entry_lines([
        ["'subscription_receivable'", 'amount_cents'],
        ["'deferred_subscription_revenue'", '-amount_cents'],
    ]) }}
from {{ ref('int_subscriptions__demands') }}
