{#- Schemas are named by the room, not by the developer: staging, intermediate, marts. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}
