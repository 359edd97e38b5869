-- What was earned of the invoices of subscriptions, on the last day of each month that is over.
select
    'recognition' as source_kind,
    invoice_id || '/' || {{ period('month') }} as source_id,
    cast(null as uuid) as visit_token,
    cast(null as text) as practice_id,
    cast(null as text) as payer_id,
    {{ period('month') }} as origin_period,
    month_ends_on as effective_on,
    {{ entry_lines([
        ["'deferred_subscription_revenue'", 'amount_cents'],
        ["'subscription_revenue'", '-amount_cents'],
    ]) }}
from {{ ref('int_subscriptions__recognised') }}
