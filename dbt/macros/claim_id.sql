{#- One remit claim's name across models: file, transaction, claim. -#}
{% macro claim_id(relation) -%}
    {{ relation }}.file_sha256 || '#' || {{ relation }}.st_index || '/' || {{ relation }}.claim_index
{%- endmacro %}

{#- A claim reference or claim number as it is compared: upper case, without blanks and dashes. -#}
{% macro normal_reference(column) -%}
    translate(upper({{ column }}), ' -', '')
{%- endmacro %}

{#- The one order in which the books read claims, as a row to compare and to order by. A claim's place does not hang on how many
    others there are, so that a late one moves none of them. -#}
{% macro remit_order(relation=none) -%}
    {%- set of = relation ~ '.' if relation else '' -%}
    (
        coalesce({{ of }}paid_on, 'infinity'),
        {{ of }}trn_number is null,
        coalesce({{ of }}trn_number, '') collate "C",
        {{ of }}st_index,
        {{ of }}claim_index,
        {{ of }}file_sha256
    )
{%- endmacro %}

{#- The columns remit_order is made of. -#}
{% macro remit_order_columns(relation) -%}
    {%- for column in ('paid_on', 'trn_number', 'st_index', 'claim_index', 'file_sha256') -%}
        {{ relation }}.{{ column }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
