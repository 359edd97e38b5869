{#- A table as the run before left it; nothing when there is none or every table is made anew. -#}
{% macro table_as_it_was(schema, table) -%}
    {%- if execute and not flags.FULL_REFRESH -%}
        {{ return(adapter.get_relation(target.database, schema, table)) }}
    {%- endif -%}
    {{- return('') -}}
{%- endmacro %}

{#- Columns (a mapping of name to type) of a table as the run before left it, in which what is gone still stands; no rows when there
    is none or every table is made anew. Not a ref: the model itself is built later. -#}
{% macro as_it_was(schema, table, columns) -%}
    {%- if execute and not flags.FULL_REFRESH -%}
        {%- set relation = adapter.get_relation(target.database, schema, table) -%}
    {%- endif -%}
    select
    {%- for column, type in columns.items() %}
        {{ column if relation else 'cast(null as ' ~ type ~ ') as ' ~ column }}{{ ',' if not loop.last }}
    {%- endfor %}
    {{ 'from ' ~ relation if relation else 'where false' }}
{%- endmacro %}

{#- Makes a model wait for the one that keeps what it is about to replace. -#}
{% macro waits_for(name) -%}
    {%- if model.resource_type != 'unit_test' %}{% do ref(name) %}{% endif -%}
{%- endmacro %}

{#- Every column of a table's touched rows as the run before left them, and no more than the key and no row when every table is made
    anew. What replaces the table waits for the model that asks. -#}
{% macro rows_before(schema, table, column, type, what) -%}
    {%- set keys = ref('int_touched__' ~ what) -%}
    {%- if execute and not flags.FULL_REFRESH -%}
        {%- set relation = adapter.get_relation(target.database, schema, table) -%}
    {%- endif -%}
    {%- if relation -%}
    select *
    from {{ relation }}
    where {{ column }} in (select {{ touched_key(what) }} from {{ keys }})
    {%- else -%}
    select cast(null as {{ type }}) as {{ column }}
    where false
    {%- endif -%}
{%- endmacro %}
