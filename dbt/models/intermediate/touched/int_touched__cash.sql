-- The cash of the touched visits as the run before left it: what the sums over all cash take out.
{%- set visits = ref('int_touched__revenue') -%}
{%- set claims = table_as_it_was('intermediate', 'int_remits__adjudicated_claims') -%}
{%- set lines = table_as_it_was('intermediate', 'int_payments__collected_lines') %}
{% if claims and lines -%}
{{ cash_of_visits(visits, claims, lines) }}
{%- else -%}
select cast(null as uuid) as visit_token
from {{ ref('stg_ops__run_settings') }}
where false
{%- endif %}
