{#- What a table must hold is said of it once and kept by the database, row by row as it is written, whoever writes it: a rule of its rows
    (meta: holds, or a constraint of its contract), a key (indexes: unique). No test reads the table again to find out. -#}

{#- Of a table just made: its indexes, its rules, and statistics, without which the plans of what reads it are guesses. -#}
{% macro rules_of(relation) -%}
    {%- for index in config.get('indexes', default=[]) %}
    {{ get_create_index_sql(relation, index) }};
    {%- endfor %}
    {%- for rule in config.get('meta', {}).get('holds', []) %}
    alter table {{ relation }} add check ({{ rule | trim }});
    {%- endfor %}
    analyze {{ relation }};
{%- endmacro %}

{#- dbt's own, but that a unique index takes two empty values for equal. -#}
{% macro postgres__get_create_index_sql(relation, index_dict) -%}
    {%- set index = adapter.parse_index(index_dict) -%}
    create {{ 'unique ' if index.unique }}index if not exists "{{ index.render(relation) }}"
    on {{ relation }} {{ 'using ' ~ index.type if index.type }} ({{ index.columns | join(', ') }})
    {{ 'nulls not distinct' if index.unique }}
{%- endmacro %}
