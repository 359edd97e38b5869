{{ config(
    schema='intermediate',
    contract={'enforced': false},
    grants={},
    materialized='incremental',
    incremental_strategy='replace_all'
) }}

-- Every visit once, added up by month of service, payer, place of service and why a part of its charge is neither an adjustment
-- of the primary payer nor expected from anyone: what the marts of the month share, so that each of them reads a few thousand
-- rows and not a million visits.
{{ sums_of_visits(['service_period', 'payer_id', 'pos_ledger', 'pos_paid', 'withheld_reason']) }}
