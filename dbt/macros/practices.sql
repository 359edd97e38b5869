{#- A mart that says of each row whose practice it is can be read by practice: as trueup_practice_reader one sees the rows of the
    practice that the setting app.practice_id names, and none without it. Any other mart that role cannot read at all. -#}

{#- dbt's own, and for the practices' role the mart, where it can be guarded. -#}
{% macro postgres__apply_grants(relation, grant_config, should_revoke=True) -%}
    {%- if grant_config and is_of_practices() -%}
        {%- set grant_config = dict(grant_config, select=grant_config['select'] + ['trueup_practice_reader']) -%}
        {%- if config.get('materialized') != 'view' -%}
            {%- call statement('guard') %}{{ guard_rows(relation) }}{% endcall -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(default__apply_grants(relation, grant_config, should_revoke)) }}
{%- endmacro %}

{#- Of a table, once: it keeps its policies as long as it is there. Whoever else is granted the table, as the books' role is for a
    closing, sees every row: a policy that left them out would let them see none and say nothing. -#}
{% macro guard_rows(relation) -%}
    do $guard$
    begin
        if not (select relrowsecurity from pg_class where oid = '{{ relation }}'::regclass) then
            alter table {{ relation }} enable row level security;
            create policy every_practice on {{ relation }} for select using (true);
            create policy own_practice on {{ relation }} as restrictive for select to trueup_practice_reader
            using ({{ own_practice() }});
        end if;
    end
    $guard$
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
