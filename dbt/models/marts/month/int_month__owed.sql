{{ config(
    schema='intermediate',
    contract={'enforced': false},
    grants={},
    materialized='incremental',
    incremental_strategy='replace_all'
) }}
{%- set parts = {'patient': 'patient_balance_cents', 'payer': 'payer_receivable_cents', 'unbilled': 'unbilled_cents'} %}

-- What is owed for visits by practice, payer and day the visits ended, and for how many of them: what ageings read.
with visits as (

    {{ put_in_and_taken_out('visit_revenue', 'int_touched__revenue', 'visit_token', 'visits') }}

),

moved as (

    select
        practice_id,
        payer_id,
        ended_on,
        {%- for part, amount in parts.items() %}
        coalesce(sum(times * {{ amount }}), 0) as {{ part }}_cents,
        coalesce(sum(times) filter (where {{ amount }} <> 0), 0) as {{ part }}_visits,
        {%- endfor %}
        sum(times) as visits
    from visits
    group by practice_id, payer_id, ended_on

)

{{ added_to_what_stood(
    'moved',
    ['practice_id', 'payer_id', 'ended_on'],
    ['visits', 'patient_cents', 'patient_visits', 'payer_cents', 'payer_visits', 'unbilled_cents', 'unbilled_visits']
) }}
