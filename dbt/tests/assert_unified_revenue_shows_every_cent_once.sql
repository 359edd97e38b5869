-- The run rate of open months is that of the movements, revenue that of deferred revenue, and every cent collected is in one column
-- of cash. All who subscribe are touched in every run, and of no other customer that was not touched can cash have moved.
with customers as (

    select * from {{ ref('unified_revenue') }} where {{ touched("coalesce(customer_id, '')", 'customers') }}

),

unified as (

    select
        period,
        sum(mrr_cents) as mrr_cents,
        sum(subscription_revenue_cents) as revenue_cents
    from customers
    group by period

),

months as (

    select
        coalesce(unified.mrr_cents, 0) - coalesce(movements.closing_cents, 0) as residual_cents,
        'mrr' as figure,
        period
    from unified
    full outer join {{ ref('mrr_movements') }} as movements using (period)
    where period not in (select closed.period from {{ ref('closed_months') }} as closed)
    union all
    select coalesce(unified.revenue_cents, 0) - coalesce(deferred.recognised_cents, 0), 'revenue', period
    from unified
    full outer join {{ ref('deferred_revenue') }} as deferred using (period)

),

cash as (

    select coalesce(sum(subscription_cash_cents + visit_cash_cents + other_cash_cents), 0) as amount_cents
    from customers

),

collected as (

    select coalesce(sum(amount_cents), 0) as amount_cents
    from {{ ref('int_payments__collected_lines') }}
    where {{ touched("coalesce(customer_id, '')", 'customers') }}

)

select * from months
where residual_cents <> 0
union all
select cash.amount_cents - collected.amount_cents, 'cash', null
from cash
cross join collected
where cash.amount_cents <> collected.amount_cents
