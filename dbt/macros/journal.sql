{#- The two columns of an entry's lines, from pairs of account and amount (+ debit, - credit, together 0). A line of zero cents is
left out; an entry of nothing but such keeps its first two, since what happened has its entry. -#}
{% macro entry_lines(lines) -%}
    {{ line_array(lines, 'account') }} as accounts,
    {{ line_array(lines, 'amount') }} as amounts
{%- endmacro %}

{%- macro line_array(lines, side) -%}
    {%- set kind = 'ledger.account' if side == 'account' else 'bigint' -%}
    {%- set place = 0 if side == 'account' else 1 -%}
    {%- if lines | length == 2 -%}
    cast(array[{{ lines[0][place] }}, {{ lines[1][place] }}] as {{ kind }} [])
    {%- else -%}
    coalesce(
        nullif(
            array_remove(
                cast(
                    array[
                        {%- for line in lines %}
                        case when {{ line[1] }} <> 0 then {{ line[place] }} end{{ ',' if not loop.last }}
                        {%- endfor %}
                    ] as {{ kind }} []
                ),
                null
            ),
            '{}'
        ),
        cast(array[{{ lines[0][place] }}, {{ lines[1][place] }}] as {{ kind }} [])
    )
    {%- endif -%}
{%- endmacro %}
