{{ config(
    schema='intermediate',
    contract={'enforced': false},
    grants={},
    materialized='incremental',
    incremental_strategy='replace_all'
) }}
{%- set groups = ['service_period', 'practice_id', 'payer_id', 'service_code', 'provider_id', 'pos_ledger', 'pos_paid'] %}
{%- set columns = [
    'visits', 'unpriced_visits', 'expected_at_ledger_cents', 'expected_at_paid_cents', 'allowed_cents', 'pos_variance_cents'
] %}

-- Visits that a payer paid on another place of service than the ledger's, added up by who pays what to whom.
with visits as (

    {{ put_in_and_taken_out('visit_revenue', 'int_touched__revenue', 'visit_token', 'visits') }}

),

moved as (

    select
        {{ groups | join(', ') }},
        sum(times) as visits,
        coalesce(sum(times) filter (where pos_variance_cents is null), 0) as unpriced_visits,
        coalesce(
            sum(times * expected_allowed_cents) filter (where pos_variance_cents is not null), 0
        ) as expected_at_ledger_cents,
        coalesce(sum(times * (expected_allowed_cents - pos_variance_cents)), 0) as expected_at_paid_cents,
        coalesce(sum(times * allowed_cents), 0) as allowed_cents,
        coalesce(sum(times * pos_variance_cents), 0) as pos_variance_cents
    from visits
    where payer_id is not null and pos_paid <> pos_ledger
    group by {{ groups | join(', ') }}

)

{{ added_to_what_stood('moved', groups, columns) }}
