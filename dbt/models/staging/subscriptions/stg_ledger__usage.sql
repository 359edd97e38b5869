{{ config(materialized='table', indexes=[{'columns': ['visit_token'], 'unique': true}]) }}

-- Usage of visits that Stripe took, that was not taken back and whose price was kept, for visits that the books know: as it is when a
-- run begins, since it is sent at any time.
select
    usage.visit_token,
    usage.stripe_customer_id as customer_id,
    cast(substring(asked.arguments ->> 'event_name' from '^visit_category_([0-9]+)$') as smallint) as service_category,
    usage.ended_at,
    usage.amount_cents
from {{ source('ledger', 'metered_usage') }} as usage
inner join {{ source('ledger', 'outbox') }} as asked
    on usage.visit_token = asked.visit_token
    and asked.operation = 'meter_visit'
where
    usage.amount_cents is not null
    and exists (
        select 1
        from {{ source('raw', 'visit') }} as visits
        where visits.visit_token = usage.visit_token
    )
