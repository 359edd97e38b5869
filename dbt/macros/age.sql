{#- The age of something on a day, in the buckets of an ageing. -#}
{% macro age_bucket(days) -%}
    (array['0-30', '31-60', '61-90', '91-120', '120+'])[width_bucket({{ days }}, array[31, 61, 91, 121]) + 1]
{%- endmacro %}
