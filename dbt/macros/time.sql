{#- The calendar day of an instant in the books' time zone. -#}
{% macro local_date(instant, timezone) -%}
    cast({{ instant }} at time zone {{ timezone }} as date)
{%- endmacro %}

{#- The accounting period (YYYY-MM) of a date. -#}
{% macro period(day) -%}
    to_char({{ day }}, 'YYYY-MM')
{%- endmacro %}
