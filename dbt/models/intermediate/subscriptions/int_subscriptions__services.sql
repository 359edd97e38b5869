-- Which days each cent of a subscription's invoice is for. Usage is earned on its last day. Where no period is known there is no
-- day: it stays deferred. A credit note takes back the days that are left, or its own day where none is.
with settings as (

    select * from {{ ref('stg_ops__run_settings') }}

),

days as (

    select
        asked.*,
        asked.known_from <> 'unknown' as is_placed,
        {{ local_date("(asked.ends_at - interval '1 second')", 'settings.timezone') }} as usage_ends_on,
        {{ local_date('asked.starts_at', 'settings.timezone') }} as starts_on,
        {{ local_date('asked.ends_at', 'settings.timezone') }} - 1 as ends_on
    from {{ ref('int_subscriptions__asked') }} as asked
    cross join settings

),

services as (

    select
        invoice_id,
        service_id,
        known_from,
        is_metered,
        amount_cents,
        case when not is_placed then null when is_metered then usage_ends_on else starts_on end as first_on,
        case when not is_placed then null when is_metered then usage_ends_on else greatest(starts_on, ends_on) end as last_on
    from days

),

spans as (

    select
        invoice_id,
        min(first_on) as first_on,
        max(last_on) as last_on
    from services
    group by invoice_id

),

credits as (

    select
        demands.invoice_id,
        demands.source_id as service_id,
        demands.amount_cents,
        demands.asked_on,
        spans.first_on,
        spans.last_on,
        spans.last_on is not null as is_placed
    from {{ ref('int_subscriptions__demands') }} as demands
    inner join spans on demands.invoice_id = spans.invoice_id
    where demands.kind = 'credit_note'

)

select * from services
union all
select
    invoice_id,
    service_id,
    case when is_placed then 'credit_note' else 'unknown' end,
    false,
    amount_cents,
    case when not is_placed then null when asked_on > last_on then asked_on else greatest(asked_on, first_on) end,
    case when is_placed then greatest(asked_on, last_on) end
from credits
