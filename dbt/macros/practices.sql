{#- A mart that says of each row whose practice it is can be read by practice: as trueup_practice_reader one sees the rows of the
    practice that the setting app.practice_id names, and none without it. Any other mart that role cannot read at all. -#}

{#- Who may read the mart: the roles it is granted to, and the practices' role where it can be guarded. -#}
{% macro readers_of(relation) -%}
    {%- set readers = config.get('grants', {}).get('select', []) -%}
    {%- if readers and is_of_practices() -%}
        {%- set readers = readers + ['trueup_practice_reader'] -%}
        {%- if relation.type == 'table' %}
    {{ guard_rows(relation) }}
        {%- endif %}
    {%- endif %}
    {%- if readers %}
    grant select on {{ relation }} to {{ readers | join(', ') }};
    {%- endif %}
{%- endmacro %}

{#- Of a table, which keeps its policies as long as it is there. Whoever else is granted the table, as the books' role is for a
    closing, sees every row: a policy that left them out would let them see none and say nothing. -#}
{% macro guard_rows(relation) -%}
    alter table {{ relation }} enable row level security;
    create policy every_practice on {{ relation }} for select using (true);
    create policy own_practice on {{ relation }} as restrictive for select to trueup_practice_reader
    using ({{ own_practice() }});
{%- endmacro %}

{#- dbt's own. Rows have no policies where there are none: a view asks by itself, once, who reads. It is no security barrier, which
    would keep the planner from looking into it; whoever reads by practice can make no function for it to leak to. -#}
{% macro postgres__create_view_as(relation, sql) -%}
    {%- if is_of_practices() -%}
        {%- set sql -%}
select of_every_practice.*
from (
{{ sql }}
) as of_every_practice
where (select current_user <> 'trueup_practice_reader') or {{ own_practice() }}
        {%- endset -%}
    {%- endif -%}
    {{ return(default__create_view_as(relation, sql)) }}
{%- endmacro %}

{% macro is_of_practices() -%}
    {{ return(model.resource_type == 'model' and model.schema == 'marts' and 'practice_id' in model.columns) }}
{%- endmacro %}

{%- macro own_practice() -%}
    practice_id = nullif(current_setting('app.practice_id', true), '')
{%- endmacro %}
