-- Every subscription at the end of every month in which it brought a run rate or could have: started, its trial over, not
-- ended, not paused without billing, and paid or still hoped for. The version valid at that moment speaks, no later one.
with settings as (

    select
        timezone,
        date_trunc('month', cast(as_of as timestamp)) as last_month
    from {{ ref('stg_ops__run_settings') }}

),

rates as (

    select
        subscription_id,
        valid_from,
        sum(monthly_cents) as mrr_cents,
        count(*) filter (where monthly_cents is null) as unpriced_items
    from {{ ref('int_subscriptions__items') }}
    group by subscription_id, valid_from

),

spans as (

    select
        versions.*,
        settings.last_month,
        date_trunc(
            'month',
            greatest(
                versions.valid_from,
                versions.started_at,
                versions.trial_ends_at,
                case when versions.pause_behavior in ('void', 'keep_as_draft') then versions.resumes_at end
            ) at time zone settings.timezone
        ) as first_month,
        date_trunc('month', least(versions.valid_to, versions.ended_at) at time zone settings.timezone) as end_month
    from {{ ref('stg_stripe__subscription_versions') }} as versions
    cross join settings
    where
        versions.status in ('active', 'past_due', 'canceled')
        and (coalesce(versions.pause_behavior, '') not in ('void', 'keep_as_draft') or versions.resumes_at is not null)

)

select
    spans.subscription_id,
    spans.customer_id,
    cast(months.month as date) as month,
    cast(coalesce(rates.mrr_cents, 0) as bigint) as mrr_cents,
    coalesce(rates.unpriced_items, 0) as unpriced_items
from spans
cross join lateral generate_series(
    spans.first_month, least(spans.last_month, spans.end_month - interval '1 month'), interval '1 month'
) as months (month)
left join rates on spans.subscription_id = rates.subscription_id and spans.valid_from = rates.valid_from
