{{ config(
    materialized='incremental',
    meta={'replaces': {'source_id': 'objects', 'visit_token': 'visits'}},
    indexes=[{'columns': ['source_id'], 'unique': true}]
) }}
{%- set of_objects, of_visits = touched('source_id', 'objects'), touched('visit_token', 'visits') %}

-- Cash from patients that no visit of ours explains and no subscription, an object a line.
with lines as (

    select * from {{ ref('int_payments__collected_lines') }} where {{ of_objects }}
    {% if replaces_a_part() -%}
    union
    select * from {{ ref('int_payments__collected_lines') }} where {{ of_visits }}
    {%- endif %}

)

select
    lines.source_id,
    lines.source_kind,
    lines.visit_token,
    {{ local_date('lines.happened_at', 'settings.timezone') }} as received_on,
    lines.amount_cents
from lines
cross join {{ ref('stg_ops__run_settings') }} as settings
left join {{ ref('stg_visits__visits') }} as visits on lines.visit_token = visits.visit_token
where visits.visit_token is null and lines.subscription_id is null
