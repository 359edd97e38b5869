{{ config(materialized='view') }}

-- Every charge, refund, dispute and payout against the movements of the Stripe balance that it is the source of, once any are loaded.
select
    source_id,
    source_type,
    happened_on,
    object_cents,
    transactions_cents,
    residual_cents,
    transactions,
    status
from {{ ref('int_payments__balance_ties') }}
where exists (select 1 from {{ ref('int_payments__balance_movements') }})
