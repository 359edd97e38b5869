{#- The rows of a mart by month: of an open month from `now`, of a closed one what its closing kept, whatever came since.
The last select of every mart whose figures of a month could still move. A unit test has no columns and judges `now`. -#}
{% macro closed_months_stay(now) -%}
    {%- if model.resource_type == 'unit_test' -%}
select * from {{ now }}
    {%- else -%}
    {%- set columns = model.columns.values() -%}
select
    {%- for column in columns %}
    now.{{ adapter.quote(column.name) }}{{ ',' if not loop.last }}
    {%- endfor %}
from {{ now }} as now
where
    not exists (
        select 1
        from {{ source('ledger', 'standing_table') }} as kept
        where kept.table_name = '{{ model.name }}' and kept.period = now.period
    )
union all
select
    {%- for column in columns %}
    published.{{ adapter.quote(column.name) }}{{ ',' if not loop.last }}
    {%- endfor %}
from {{ source('ledger', 'standing_figure') }} as kept
cross join lateral jsonb_to_record(kept.figure) as published (
    {%- for column in columns %}
    {{ adapter.quote(column.name) }} {{ column.data_type }}{{ ',' if not loop.last }}
    {%- endfor %}
)
where kept.table_name = '{{ model.name }}'
    {%- endif -%}
{%- endmacro %}
