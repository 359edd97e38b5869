-- The run rate of subscriptions and the cash of visits, month by month: side by side, and never added up.
with cash as (

    select
        period,
        cast(sum(amount_cents) filter (where source = 'subscriptions') as bigint) as subscription_cash_cents,
        cast(sum(amount_cents) filter (where source = 'patients') as bigint) as patient_cash_cents,
        cast(sum(amount_cents) filter (where source = 'payers') as bigint) as payer_cash_cents
    from marts.cash_by_day
    where period between %(first)s and %(last)s
    group by period

),

run_rate as (

    select *
    from marts.mrr_movements
    where period between %(first)s and %(last)s

)

select
    period,
    run_rate.opening_cents,
    run_rate.new_cents,
    run_rate.expansion_cents,
    run_rate.reactivation_cents,
    run_rate.contraction_cents,
    run_rate.churn_cents,
    run_rate.closing_cents,
    run_rate.customers,
    coalesce(cash.subscription_cash_cents, 0) as subscription_cash_cents,
    coalesce(cash.patient_cash_cents, 0) as patient_cash_cents,
    coalesce(cash.payer_cash_cents, 0) as payer_cash_cents
from cash
full outer join run_rate using (period)
order by period
