{#- numerator ÷ denominator in whole cents, halves away from zero, exact: both are numeric, the denominator is above zero. -#}
{% macro half_up(numerator, denominator) -%}
    cast(sign({{ numerator }}) * div(2 * abs({{ numerator }}) + {{ denominator }}, 2 * {{ denominator }}) as bigint)
{%- endmacro %}
