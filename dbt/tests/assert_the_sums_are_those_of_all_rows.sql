-- What run after run added up of what was touched is what all rows add up to. A whole run adds them up again, and so does the
-- closing of a month (orchestration/checks.py): in between no row that was not touched can have moved.
{%- set amounts = [
    'charge', 'contractual', 'sequestration', 'denied', 'other_adjustment', 'payer_paid', 'patient_target', 'patient_billed',
    'patient_collected', 'pos_variance', 'pos_adjusted_revenue', 'patient_balance', 'payer_receivable', 'unbilled'
] %}
with visits as (

    select
        service_period,
        cast(count(*) as numeric) as rows_there_are,
        {%- for amount in amounts %}
        coalesce(sum({{ amount }}_cents), 0) as {{ amount }}_cents{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('visit_revenue') }}
    where {{ flags.FULL_REFRESH }}
    group by service_period

),

sums_of_visits as (

    select
        service_period,
        sum(visits) as rows_there_are,
        {%- for amount in amounts %}
        sum({{ amount }}_cents) as {{ amount }}_cents{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_month__visit_sums') }}
    where {{ flags.FULL_REFRESH }}
    group by service_period

),

movements as (

    select
        {{ period('effective_on') }} as period,
        cast(count(*) as numeric) as rows_there_are,
        coalesce(sum(net_cents), 0) as net_cents,
        sum(fee_cents) as fee_cents,
        coalesce(sum(amount_cents), 0) as amount_cents
    from {{ ref('int_payments__balance_movements') }}
    where {{ flags.FULL_REFRESH }}
    group by {{ period('effective_on') }}

),

sums_of_movements as (

    select
        {{ period('effective_on') }} as period,
        sum(transactions) as rows_there_are,
        sum(net_cents) as net_cents,
        sum(fee_cents) as fee_cents,
        sum(amount_cents) as amount_cents
    from {{ ref('int_payments__balance_sums') }}
    where {{ flags.FULL_REFRESH }}
    group by {{ period('effective_on') }}

)

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
