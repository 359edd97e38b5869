{{ config(
    schema='intermediate',
    contract={'enforced': false},
    grants={},
    materialized='incremental',
    incremental_strategy='replace_all'
) }}
{%- set cash_before = ref('int_touched__cash') if model.resource_type != 'unit_test' %}

-- The cash of visits by month of service and day it was paid on.
with visits as (

    select
        visit_token,
        service_period
    from {{ ref('visit_revenue') }}
    where {{ touched('visit_token', 'visits') }}

),

cash as (

    {{ cash_of_visits('visits', ref('int_remits__adjudicated_claims'), ref('int_payments__collected_lines')) }}

),

moves as (

    select *, 1 as times from cash
    {% if replaces_a_part() -%}
    union all
    select *, -1 from {{ cash_before }}
    {%- endif %}

),

moved as (

    select
        service_period,
        paid_on,
        sum(times) as pieces,
        sum(times * payer_paid_cents) as payer_paid_cents,
        sum(times * remit_claims) as remit_claims,
        sum(times * patient_collected_cents) as patient_collected_cents,
        sum(times * patient_payments) as patient_payments
    from moves
    group by service_period, paid_on

)

{{ added_to_what_stood(
    'moved',
    ['service_period', 'paid_on'],
    ['pieces', 'payer_paid_cents', 'remit_claims', 'patient_collected_cents', 'patient_payments']
) }}
