{{ config(
    schema='intermediate',
    contract={'enforced': false},
    grants={},
    materialized='incremental',
    incremental_strategy='replace_all'
) }}
{%- set groups = ['practice_id', 'provider_id', 'service_period', 'state'] %}
{%- set sums = ['scheduled_minutes', 'failed_charge_cents', 'recovered_charge_cents'] %}

-- Every visit once, added up by practice, provider, month of service and state: what the marts of practices share.
with visits as (

    {{ put_in_and_taken_out('visit_revenue', 'int_touched__revenue', 'visit_token', 'visits') }}

),

moved as (

    select
        {{ groups | join(', ') }},
        sum(times) as visits,
        coalesce(sum(times) filter (where failed_charge_cents > 0), 0) as failed_visits,
        coalesce(
            sum(times) filter (where failed_charge_cents > 0 and recovered_charge_cents = failed_charge_cents), 0
        ) as recovered_visits,
        {%- for name in sums %}
        coalesce(sum(times * {{ name }}), 0) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from visits
    group by {{ groups | join(', ') }}

)

{{ added_to_what_stood('moved', groups, ['visits', 'failed_visits', 'recovered_visits'] + sums) }}
