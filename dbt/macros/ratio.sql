{#- A share as exact basis points (1 % = 100), to four places; empty where there is nothing to take a share of. -#}
{% macro basis_points(part, whole) -%}
    case when {{ whole }} > 0 then cast(round(10000.0 * ({{ part }}) / {{ whole }}, 4) as numeric(20, 4)) end
{%- endmacro %}
