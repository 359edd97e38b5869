-- A customer and a month a row: the run rate at the end of the month before and of this one, and what kind of movement lies
-- between. Lost is only who has no subscription left at all; who had a run rate, lost it all and has one again came back.
with settings as (

    select date_trunc('month', as_of) as last_month from {{ ref('stg_ops__run_settings') }}

),

month_ends as (

    select
        customer_id,
        month,
        sum(mrr_cents) as mrr_cents,
        count(*) as subscriptions,
        sum(unpriced_items) as unpriced_items
    from {{ ref('int_subscriptions__month_ends') }}
    group by customer_id, month

),

firsts as (

    select
        customer_id,
        min(month) as first_month
    from month_ends
    where mrr_cents > 0
    group by customer_id

),

both_ends as (

    select customer_id, month, 0 as opening_cents, mrr_cents as closing_cents, subscriptions, unpriced_items
    from month_ends
    union all
    select month_ends.customer_id, cast(month_ends.month + interval '1 month' as date), month_ends.mrr_cents, 0, 0, 0
    from month_ends
    cross join settings
    where month_ends.month < settings.last_month

),

customer_months as (

    select
        customer_id,
        month,
        cast(sum(opening_cents) as bigint) as opening_cents,
        cast(sum(closing_cents) as bigint) as closing_cents,
        cast(sum(subscriptions) as bigint) as subscriptions,
        cast(sum(unpriced_items) as bigint) as unpriced_items
    from both_ends
    group by customer_id, month

)

select
    customer_months.*,
    case
        when closing_cents > opening_cents and opening_cents > 0 then 'expansion'
        when closing_cents > opening_cents and customer_months.month = firsts.first_month then 'new'
        when closing_cents > opening_cents then 'reactivation'
        when closing_cents < opening_cents and subscriptions = 0 then 'churn'
        when closing_cents < opening_cents then 'contraction'
    end as movement
from customer_months
left join firsts on customer_months.customer_id = firsts.customer_id
