{{ config(
    materialized='incremental',
    meta={'replaces': {'source_id': 'objects'}},
    indexes=[{'columns': ['source_id'], 'unique': true}, {'columns': ['status']}]
) }}

-- Every charge, refund, dispute and payout against the movements of the Stripe balance that it is the source of.
-- What is still open on Stripe's side (a refund that is pending) expects nothing yet.
with objects as (

    select charge_id as source_id, 'charge' as source_type, created_at, captured_cents as object_cents
    from {{ ref('stg_stripe__charges') }}
    where status = 'succeeded' and {{ touched('charge_id', 'objects') }}
    union all
    select
        refund_id,
        'refund',
        created_at,
        case when status = 'succeeded' then -amount_cents else 0 end
    from {{ ref('stg_stripe__refunds') }}
    where status in ('succeeded', 'failed', 'canceled') and {{ touched('refund_id', 'objects') }}
    union all
    select
        dispute_id,
        'dispute',
        created_at,
        case when status in ('lost', 'needs_response', 'under_review') then -amount_cents else 0 end
    from {{ ref('stg_stripe__disputes') }}
    where {{ touched('dispute_id', 'objects') }}
    union all
    select
        payout_id,
        'payout',
        created_at,
        case when status in ('failed', 'canceled') then 0 else -amount_cents end
    from {{ ref('stg_stripe__payouts') }}
    where {{ touched('payout_id', 'objects') }}

),

transactions as (

    select
        source_id,
        min(effective_on) as happened_on,
        sum(amount_cents) as transactions_cents,
        count(*) as transactions
    from {{ ref('int_payments__balance_movements') }}
    where cast(account as text) in ('stripe_pending', 'disputes', 'payouts_in_transit') and {{ touched('source_id', 'objects') }}
    group by source_id

)

select
    source_id,
    objects.source_type,
    coalesce({{ local_date('objects.created_at', 'settings.timezone') }}, transactions.happened_on) as happened_on,
    cast(coalesce(objects.object_cents, 0) as bigint) as object_cents,
    cast(coalesce(transactions.transactions_cents, 0) as bigint) as transactions_cents,
    cast(coalesce(objects.object_cents, 0) - coalesce(transactions.transactions_cents, 0) as bigint) as residual_cents,
    coalesce(transactions.transactions, 0) as transactions,
    case
        when objects.source_id is null then 'no_object'
        when transactions.source_id is null then 'no_transaction'
        when objects.object_cents = transactions.transactions_cents then 'matched'
        else 'mismatch'
    end as status
from objects
full outer join transactions using (source_id)
cross join {{ ref('stg_ops__run_settings') }} as settings
where transactions.source_id is not null or objects.object_cents <> 0
