{#- A leak's name: its category and what leaks, so that the same leak has the same name tomorrow. -#}
{% macro leak_id(category, subject) -%}
    md5({{ category }} || '|' || {{ subject }})
{%- endmacro %}
