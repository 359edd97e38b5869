{#- A drop takes along every view that is built on what goes, in no order of its own, and dbt replaces several relations at once: two
    drops that had views in common held what the other waited for. They take turns until the end of their transactions. -#}
{% macro postgres__drop_view(relation) -%}
    {{ one_drop_at_a_time() }};
    drop view if exists {{ relation }} cascade
{%- endmacro %}

{% macro postgres__drop_table(relation) -%}
    {{ one_drop_at_a_time() }};
    drop table if exists {{ relation }} cascade
{%- endmacro %}

{% macro one_drop_at_a_time() -%}
    select pg_advisory_xact_lock(hashtextextended('trueup.drop', 0))
{%- endmacro %}
