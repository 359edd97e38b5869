{#- How models become tables and views. dbt's own ways ask for each rename, index, grant and comment by itself, half of them from Python,
    which sets up all that Jinja knows anew: of a run over little data that was more than the models themselves. Here whatever is
    not the rows is one statement, in the transaction of the rows. -#}

{#- The relation is made beside the one that stands and takes its name; the old one goes once that is committed, since a drop waits for
    readers and for other drops, and whoever reads would wait for both. -#}
{% macro made_anew(type) %}
    {%- set target = this.incorporate(type=type) -%}
    {%- set old = load_cached_relation(this) -%}
    {%- set made = make_intermediate_relation(target) if old else target -%}
    {%- set put_away = make_backup_relation(target, old.type) if old -%}
    {%- if old -%}
        {#- What a killed run has put away. -#}
        {{ drop_relation_if_exists(load_cached_relation(put_away)) }}
        {%- do adapter.cache_dropped(old) -%}
    {%- endif -%}
    {%- call statement('main') -%}
        {{ get_create_view_as_sql(made, sql) if type == 'view' else get_create_table_as_sql(False, made, sql) }}
    {%- endcall -%}
    {%- set settled -%}
        {%- if old %}
        alter {{ old.type }} if exists {{ old }} rename to {{ adapter.quote(put_away.identifier) }};
        alter {{ type }} {{ made }} rename to {{ adapter.quote(target.identifier) }};
        {%- endif %}
        {{ rules_of(target) if type == 'table' }}
        {{ readers_of(target) }}
        {{ words_of(target) }}
    {%- endset -%}
    {%- if settled | trim -%}
        {%- call statement('settled') -%}{{ settled }}{%- endcall -%}
    {%- endif -%}
    {{ run_hooks(post_hooks) }}
    {%- do adapter.commit() -%}
    {%- if old -%}
        {{ drop_relation(put_away) }}
    {%- endif -%}
    {{ return({'relations': [target]}) }}
{% endmacro %}

{#- What goes by the model's strategy goes, what it gives comes, in one transaction, in a table that stays, and with it the views that read
    it: `append` takes nothing away, `replace_all` every row, `replace_touched` those of touched keys. Keys that give nothing any more
    leave nothing behind, which neither a merge nor a delete by arriving keys can do. -#}
{% macro made_in_part() %}
    {%- set came, strategy = make_temp_relation(this), config.get('incremental_strategy') -%}
    {#- Under a contract the table's columns stand in its order; else both are made by one query. -#}
    {%- set columns = model.columns.values() | map(attribute='name') | join(', ') if config.get('contract').enforced -%}
    {%- call statement('came') -%}
        {{ get_create_table_as_sql(True, came, sql) }}
    {%- endcall -%}
    {%- call statement('main') -%}
        {%- if strategy != 'append' %}
        delete from {{ this }}
        {%- if strategy == 'replace_touched' %}
        where
            {%- for column, what in config.get('meta')['replaces'].items() %}
            {% if not loop.first %}or {% endif %}{{ touched(column, what) }}
            {%- endfor %}
        {%- endif %};
        {%- endif %}
        insert into {{ this }} {{ '(' ~ columns ~ ')' if columns }}
        select {{ columns or '*' }} from {{ came }}
    {%- endcall -%}
    {{ run_hooks(post_hooks) }}
    {%- do adapter.commit() -%}
    {{ return({'relations': [this]}) }}
{% endmacro %}

{#- What the database says of the relation and its columns to whoever asks there. -#}
{% macro words_of(relation) -%}
    {%- if config.persist_relation_docs() and model.description %}
    comment on {{ relation.type }} {{ relation }} is {{ postgres_escape_comment(model.description) }};
    {%- endif %}
    {%- if config.persist_column_docs() %}
    {%- for column in model.columns.values() if column.description %}
    comment on column {{ relation }}.{{ column.name }} is {{ postgres_escape_comment(column.description) }};
    {%- endfor %}
    {%- endif %}
{%- endmacro %}
