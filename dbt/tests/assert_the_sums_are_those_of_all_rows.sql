-- What run after run added up of what was touched is what all rows add up to. A whole run adds them up again, and so does the
-- closing of a month (orchestration/checks.py): in between no row that was not touched can have moved.
{%- set amounts = [
    'charge', 'contractual', 'sequestration', 'denied', 'other_adjustment', 'payer_paid', 'patient_target', 'patient_billed',
    'patient_collected', 'pos_variance', 'pos_adjusted_revenue', 'patient_balance', 'payer_receivable', 'unbilled'
] %}
{%- set sides_of_visits = {
    'visits': (ref('visit_revenue'), 'cast(count(*) as numeric)', 'coalesce(sum(%s), 0)'),
    'sums_of_visits': (ref('int_month__visit_sums'), 'sum(visits)', 'sum(%s)')
} %}
{%- set sides_of_movements = {
    'movements': (ref('int_payments__balance_movements'), 'cast(count(*) as numeric)', 'coalesce(sum(%s), 0)'),
    'sums_of_movements': (ref('int_payments__balance_sums'), 'sum(transactions)', 'sum(%s)')
} %}
with
{%- for side, (rows, counted, added) in sides_of_visits.items() %}
{{ side }} as (

    select
        service_period,
        {{ counted }} as rows_there_are,
        {%- for amount in amounts %}
        {{ added | format(amount ~ '_cents') }} as {{ amount }}_cents{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ rows }}
    where {{ flags.FULL_REFRESH }}
    group by service_period

),
{%- endfor %}
{%- for side, (rows, counted, added) in sides_of_movements.items() %}
{{ side }} as (

    select
        {{ period('effective_on') }} as period,
        {{ counted }} as rows_there_are,
        {{ added | format('net_cents') }} as net_cents,
        sum(fee_cents) as fee_cents,
        {{ added | format('amount_cents') }} as amount_cents
    from {{ rows }}
    where {{ flags.FULL_REFRESH }}
    group by {{ period('effective_on') }}

){{ ',' if not loop.last }}
{%- endfor %}

select
    'visits' as of,
    coalesce(rows_of.service_period, sums.service_period) as period
from visits as rows_of
full outer join sums_of_visits as sums on rows_of.service_period = sums.service_period
where rows_of is distinct from sums
union all
select
    'movements of the Stripe balance',
    coalesce(rows_of.period, sums.period)
from movements as rows_of
full outer join sums_of_movements as sums on rows_of.period = sums.period
where rows_of is distinct from sums
