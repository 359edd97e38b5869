{#- One remit claim's name across models: file, transaction, claim. -#}
{% macro claim_id(relation) -%}
    {{ relation }}.file_sha256 || '#' || {{ relation }}.st_index || '/' || {{ relation }}.claim_index
{%- endmacro %}
