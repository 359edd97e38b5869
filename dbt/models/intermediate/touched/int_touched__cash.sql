-- The cash of the touched visits as the run before left it: what the sums over all cash take out.
{%- set visits = ref('int_touched__revenue') -%}
{%- if execute and not flags.FULL_REFRESH -%}
    {%- set claims = adapter.get_relation(target.database, 'intermediate', 'int_remits__adjudicated_claims') -%}
    {%- set lines = adapter.get_relation(target.database, 'intermediate', 'int_payments__collected_lines') -%}
{%- endif %}
{% if claims and lines -%}
{{ cash_of_visits(visits, claims, lines) }}
{%- else -%}
select cast(null as uuid) as visit_token
from {{ ref('stg_ops__run_settings') }}
where false
{%- endif %}
