{{ config(
    materialized='incremental',
    meta={'replaces': {"coalesce(customer_id, '')": 'customers'}},
    indexes=[{'columns': ["(coalesce(customer_id, ''))"]}],
    on_schema_change='fail'
) }}

-- Subscriptions and visits of the same customers side by side: a run rate, what was billed, what was earned and what came in.
-- The columns measure different things and are never added up.
with settings as (

    select * from {{ ref('stg_ops__run_settings') }}

),

cash as (

    select
        date_trunc('month', lines.happened_at at time zone settings.timezone) as month,
        lines.customer_id,
        case
            when visits.visit_token is not null then 'visit_cash'
            when lines.subscription_id is not null then 'subscription_cash'
            else 'other_cash'
        end as measure,
        lines.visit_token,
        lines.amount_cents
    from {{ ref('int_payments__collected_lines') }} as lines
    cross join settings
    left join {{ ref('stg_visits__visits') }} as visits on lines.visit_token = visits.visit_token
    where {{ touched("coalesce(lines.customer_id, '')", 'customers') }}

),

billed as (

    select
        date_trunc('month', lines.happened_at at time zone settings.timezone) as month,
        lines.customer_id,
        'visit_billed' as measure,
        lines.visit_token,
        lines.amount_cents
    from {{ ref('int_payments__billed_lines') }} as lines
    cross join settings
    inner join {{ ref('stg_visits__visits') }} as visits on lines.visit_token = visits.visit_token
    where {{ touched("coalesce(lines.customer_id, '')", 'customers') }}

),

subscriptions as (

    select month, customer_id, 'mrr' as measure, closing_cents as amount_cents
    from {{ ref('int_subscriptions__customer_months') }}
    union all
    select date_trunc('month', cast(asked_on as timestamp)), customer_id, 'subscription_billed', amount_cents
    from {{ ref('int_subscriptions__demands') }}
    union all
    select recognised.month, invoices.customer_id, 'subscription_revenue', recognised.amount_cents
    from {{ ref('int_subscriptions__recognised') }} as recognised
    inner join {{ ref('stg_stripe__subscription_invoices') }} as invoices on recognised.invoice_id = invoices.invoice_id

),

figures as (

    select month, customer_id, measure, null as visit_token, amount_cents
    from subscriptions
    where {{ touched("coalesce(customer_id, '')", 'customers') }}
    union all
    select month, customer_id, measure, visit_token, amount_cents from cash
    union all
    select month, customer_id, measure, visit_token, amount_cents from billed

)

select
    {{ period('month') }} as period,
    customer_id,
    cast(coalesce(sum(amount_cents) filter (where measure = 'mrr'), 0) as bigint) as mrr_cents,
    cast(coalesce(sum(amount_cents) filter (where measure = 'subscription_billed'), 0) as bigint) as subscription_billed_cents,
    cast(coalesce(sum(amount_cents) filter (where measure = 'subscription_revenue'), 0) as bigint) as subscription_revenue_cents,
    cast(coalesce(sum(amount_cents) filter (where measure = 'subscription_cash'), 0) as bigint) as subscription_cash_cents,
    cast(coalesce(sum(amount_cents) filter (where measure = 'visit_billed'), 0) as bigint) as visit_billed_cents,
    cast(coalesce(sum(amount_cents) filter (where measure = 'visit_cash'), 0) as bigint) as visit_cash_cents,
    cast(coalesce(sum(amount_cents) filter (where measure = 'other_cash'), 0) as bigint) as other_cash_cents,
    count(distinct visit_token) filter (where measure in ('visit_billed', 'visit_cash')) as visits
from figures
group by month, customer_id
having count(*) filter (where amount_cents <> 0) > 0
