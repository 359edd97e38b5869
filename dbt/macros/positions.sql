{#- Where a piece of a feed stands, in the words quarantine uses. -#}
{% macro table_position(row_number) -%}
    'row ' || {{ row_number }}
{%- endmacro %}

{% macro stripe_position(line_number) -%}
    'line ' || {{ line_number }}
{%- endmacro %}

{% macro claim_position(claim_id) -%}
    'ST ' || split_part(split_part({{ claim_id }}, '#', 2), '/', 1) || ', claim ' || split_part({{ claim_id }}, '/', 2)
{%- endmacro %}

{% macro claim_file(claim_id) -%}
    split_part({{ claim_id }}, '#', 1)
{%- endmacro %}
