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

{#- The rows of touched remittance files in a raw table, or in a view of it. The server is made to look file by file: it takes the
    index by file for nearly useless, since hashes come in no order, and would read all files there are to find one. -#}
{% macro of_touched_files(relation) -%}
    {%- set files = ref('int_touched__files') if model.resource_type != 'unit_test' -%}
    {%- if replaces_a_part() -%}
    select found.*
    from {{ files }} as touched
    cross join lateral (
        select * from {{ relation }} as rows_of_files where rows_of_files.file_sha256 = touched.file_sha256 offset 0
    ) as found
    {%- else -%}
    select * from {{ relation }}
    {%- endif -%}
{%- endmacro %}
