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

{#- Facts that may be others than in the run before, as pairs of a condition and the kinds it is for: what is of a visit by the
    visits that were touched, what is of none by what it is made of. A fact whose visit went is with what it is made of, one
    whose visit came is with the visit. Kinds that hang on days and on each other are few and always looked at.
    That a token is not null lets the server begin with the visits where a view joins them from the left. -#}
{% macro touched_facts() -%}
    {%- set cuts = [
        [
            'visit_token is not null and ' ~ touched('visit_token', 'visits'),
            ['visit', 'demand', 'receipt', 'remittance_claim', 'supersession', 'memo', 'write_off']
        ],
        ['visit_token is null and ' ~ touched('source_id', 'objects'), ['receipt', 'balance_transaction']],
        ['visit_token is null and ' ~ touched('source_id', 'claims'), ['remittance_claim']],
        [touched("split_part(source_id, '#', 1)", 'files'), ['remittance']],
        ['true', ['deposit', 'subscription_invoice', 'recognition']],
    ] -%}
    {{ return([['true', cuts | map('last') | sum(start=[]) | unique | list]] if flags.FULL_REFRESH else cuts) }}
{%- endmacro %}
