{{ config(schema='intermediate', contract={'enforced': false}, grants={}) }}

-- What the journal says of each month of posting: what is owed for visits at its end, and the net revenue of the up to three
-- months that end with it, with their days, from the first month with revenue on. The running month has had the days up to the
-- day of the reconcile.
with settings as (

    select * from {{ ref('stg_ops__run_settings') }}

),

months as (

    select
        period,
        to_date(period, 'YYYY-MM') as first_day,
        coalesce(sum(closing_cents) filter (
            where account in ('patient_receivable', 'payer_receivable', 'unbilled_receivable')
        ), 0) as owed_cents,
        coalesce(sum(credit_cents - debit_cents) filter (
            where account in (
                'gross_patient_service_revenue', 'missed_visit_fees', 'contractual_adjustment', 'sequestration', 'denial',
                'other_adjustment', 'implicit_price_concession'
            )
        ), 0) as net_revenue_cents
    from {{ ref('trial_balance') }}
    group by period

),

counted as (

    select
        months.*,
        case
            when months.period >= min(months.period) filter (where months.net_revenue_cents <> 0) over ()
                then
                    greatest(
                        least(cast(months.first_day + interval '1 month' as date), settings.as_of + 1) - months.first_day, 0
                    )
            else 0
        end as days
    from months
    cross join settings

)

select
    period,
    owed_cents,
    sum(net_revenue_cents) over quarter as net_revenue_cents,
    sum(days) over quarter as days
from counted
window quarter as (order by period rows between 2 preceding and current row)
