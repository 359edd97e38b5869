{{ config(
    schema='intermediate',
    contract={'enforced': false},
    grants={},
    materialized='incremental',
    incremental_strategy='replace_all'
) }}

-- Every visit once, added up by month of service, practice and why a part of its charge is withheld: what the month of a practice
-- reads.
{{ sums_of_visits(['service_period', 'practice_id', 'withheld_reason']) }}
