{#- A run is whole (dbt's --full-refresh: every table is made anew) or it replaces what was touched since the run before: the
    keys in the tables int_touched__*. A model that can be cut says by which of its columns (meta: replaces) and cuts what
    it reads with `touched`. -#}

{#- The column of int_touched__<what>. -#}
{% macro touched_key(what) -%}
    {{ return({
        'visits': 'visit_token',
        'leaking': 'visit_token',
        'objects': 'object_id',
        'claims': 'claim_id',
        'files': 'file_sha256',
        'customers': 'customer_id',
        'payouts': 'payout_id',
        'days': 'day',
    }[what]) }}
{%- endmacro %}

{#- The last load that the run before had seen, as a number in the statement: the planner knows how few rows came after it, which
    of another table's column it cannot. -#}
{% macro since() -%}
    {%- set settings = ref('stg_ops__run_settings') -%}
    {{ run_query('select since from ' ~ settings).columns[0][0] if execute else 0 }}
{%- endmacro %}

{#- Whether the model replaces a part of what the run before left; a unit test always makes all of it. -#}
{% macro replaces_a_part() -%}
    {{ return(model.resource_type == 'model' and is_incremental() and not flags.FULL_REFRESH) }}
{%- endmacro %}

{#- Whether a column holds a touched key; `true` in a whole run and in unit tests. A view that asks is made anew with the keys
    in every run and shows what that run does anew. -#}
{% macro touched(column, what) -%}
    {%- if model.resource_type == 'unit_test' -%}
        true
    {%- else -%}
        {%- set keys = ref('int_touched__' ~ what) -%}
        {%- set makes_all = model.resource_type == 'model' and model.config.materialized != 'view' and not is_incremental() -%}
        {%- if makes_all or flags.FULL_REFRESH -%}
            true
        {%- else -%}
            {{ column }} in (select {{ touched_key(what) }} from {{ keys }})
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{#- Incremental strategy: what the table holds of the touched keys goes, what the model gives for them comes, in one transaction.
    Keys that give nothing any more leave nothing behind, which neither a merge nor a delete by arriving keys can do. -#}
{% macro get_incremental_replace_touched_sql(arg_dict) %}
    {%- set columns = arg_dict['dest_columns'] | map(attribute='quoted') | join(', ') -%}
    delete from {{ arg_dict['target_relation'] }}
    where
        {%- for column, what in config.get('meta')['replaces'].items() %}
        {% if not loop.first %}or {% endif %}{{ touched(column, what) }}
        {%- endfor %};

    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }} from {{ arg_dict['temp_relation'] }}
{% endmacro %}

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
