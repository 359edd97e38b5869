-- Every version of every subscription and from when to when it was so: a month that is over must not change with what the
-- subscription is today. Before its first version a subscription is taken as that version shows it. Its end is a fact that
-- the newest version knows best. Until API 2018 a subscription of one plan had no items.
{{ config(materialized='table') }}

with versions as (

    select distinct on (object_id, version_at)
        object_id as subscription_id,
        version_at,
        payload
    from {{ source('raw', 'stripe_object') }}
    where object_type = 'subscription'
    order by object_id, version_at, object_sha256 desc

),

in_order as (

    select
        *,
        lag(version_at) over each_subscription as earlier_at,
        lead(version_at) over each_subscription as later_at,
        last_value(payload) over whole_subscription as newest
    from versions
    window
        each_subscription as (partition by subscription_id order by version_at),
        whole_subscription as (
            partition by subscription_id order by version_at rows between unbounded preceding and unbounded following
        )

)

select
    subscription_id,
    case when earlier_at is null then timestamptz '-infinity' else version_at end as valid_from,
    coalesce(later_at, timestamptz 'infinity') as valid_to,
    coalesce(newest ->> 'customer', subscription_id) as customer_id,
    payload ->> 'status' as status,
    coalesce({{ stripe_time('start_date') }}, {{ stripe_time('created') }}, version_at) as started_at,
    {{ stripe_time('trial_end') }} as trial_ends_at,
    payload -> 'pause_collection' ->> 'behavior' as pause_behavior,
    {{ stripe_time_at("payload -> 'pause_collection' ->> 'resumes_at'") }} as resumes_at,
    coalesce(
        {{ stripe_time_at("newest ->> 'ended_at'") }},
        case when newest ->> 'status' = 'canceled' then {{ stripe_time_at("newest ->> 'canceled_at'") }} end,
        timestamptz 'infinity'
    ) as ended_at,
    case
        when jsonb_array_length(payload -> 'items') > 0 then payload -> 'items'
        when payload -> 'plan' is not null then jsonb_build_array(payload - 'items')
        else jsonb '[]'
    end as items,
    jsonb_build_object(
        'current_period_start', payload -> 'current_period_start', 'current_period_end', payload -> 'current_period_end'
    ) as own_period
from in_order
