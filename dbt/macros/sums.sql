{#- Sums over a table with a row a key need not read it again: they take out what touched keys held before this run and put in what
    they hold now. Cents and counts are whole numbers, so nothing is lost on the way. -#}

{#- The rows of a table, each with how often it counts: of touched keys those there are now once and those there were minus once,
    in a whole run all. `before` holds what there was, made before the table was touched. -#}
{% macro put_in_and_taken_out(now, before, column, what) -%}
    {%- set rows_before = ref(before) if model.resource_type != 'unit_test' -%}
    select *, 1 as times
    from {{ ref(now) }}
    where {{ touched(column, what) }}
    {% if replaces_a_part() -%}
    union all
    select *, -1
    from {{ rows_before }}
    {%- endif -%}
{%- endmacro %}

{#- What `moved` adds up to with what the run before left here; a group that nothing is left in is gone. The sums are columns of
    `moved`, the first of them counts its rows. -#}
{% macro added_to_what_stood(moved, groups, sums) -%}
    {%- if replaces_a_part() %}
    {%- set columns = (groups + sums) | join(', ') -%}
select
    {{ groups | join(', ') }},
    {%- for sum in sums %}
    cast(sum({{ sum }}) as bigint) as {{ sum }}{{ ',' if not loop.last }}
    {%- endfor %}
from (
    select {{ columns }} from {{ moved }}
    union all
    select {{ columns }} from {{ this }}
) as parts
group by {{ groups | join(', ') }}
having sum({{ sums[0] }}) <> 0
    {%- else %}
select
    {{ groups | join(', ') }},
    {%- for sum in sums %}
    cast({{ sum }} as bigint) as {{ sum }}{{ ',' if not loop.last }}
    {%- endfor %}
from {{ moved }}
    {%- endif -%}
{%- endmacro %}

{#- The cash of visits, a piece a row: what remit claims paid and what patients did. `visits` says the month of service. -#}
{% macro cash_of_visits(visits, claims, lines) -%}
    select
        visits.visit_token,
        visits.service_period,
        claims.paid_on,
        coalesce(claims.paid_cents, 0) as payer_paid_cents,
        1 as remit_claims,
        0 as patient_collected_cents,
        0 as patient_payments
    from {{ claims }} as claims
    inner join {{ visits }} as visits on claims.visit_token = visits.visit_token
    union all
    select
        visits.visit_token,
        visits.service_period,
        {{ local_date('lines.happened_at', 'settings.timezone') }},
        0,
        0,
        lines.amount_cents,
        1
    from {{ lines }} as lines
    inner join {{ visits }} as visits on lines.visit_token = visits.visit_token
    cross join {{ ref('stg_ops__run_settings') }} as settings
{%- endmacro %}
