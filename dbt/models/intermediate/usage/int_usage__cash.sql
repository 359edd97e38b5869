{{ config(indexes=[{'columns': ['source_id'], 'unique': true}]) }}

-- What of the cash on a subscription's invoice is for the visits it asks for, a visit and an object a row. An invoice is paid as a
-- stack: its visits first, by the time they ended, its other lines last; what goes back is taken from the top.
with stacked as (

    select
        invoice_id,
        visit_token,
        expected_cents,
        sum(expected_cents) over (partition by invoice_id order by ended_at, visit_token) - expected_cents as begins_at
    from {{ ref('int_usage__lines') }}
    where invoice_id is not null

),

charges as (

    select *
    from {{ ref('int_payments__charges') }}
    where is_succeeded and visit_token is null and invoice_id in (select invoice_id from stacked)

),

cash as (

    select charge_id as object_id, 'charge' as source_kind, charge_id, created_at as happened_at, captured_cents as amount_cents
    from charges
    union all
    select refund_id, 'refund', charge_id, created_at, -amount_cents
    from {{ ref('int_payments__refunds') }}
    where own_visit_token is null
    union all
    select dispute_id, 'dispute', charge_id, created_at, -amount_cents
    from {{ ref('stg_stripe__disputes') }}
    where status = 'lost' and own_visit_token is null

),

piled as (

    select
        cash.*,
        charges.invoice_id,
        charges.subscription_id,
        charges.customer_id,
        sum(cash.amount_cents) over (partition by charges.invoice_id order by cash.happened_at, cash.object_id) as height_after
    from cash
    inner join charges on cash.charge_id = charges.charge_id

)

select
    piled.object_id || '/' || stacked.visit_token as source_id,
    piled.object_id,
    piled.source_kind,
    piled.happened_at,
    piled.subscription_id,
    piled.customer_id,
    stacked.visit_token,
    cast(paid.after_cents - paid.before_cents as bigint) as amount_cents
from piled
inner join stacked on piled.invoice_id = stacked.invoice_id
cross join lateral (
    select
        least(greatest(piled.height_after - stacked.begins_at, 0), stacked.expected_cents) as after_cents,
        least(
            greatest(piled.height_after - piled.amount_cents - stacked.begins_at, 0), stacked.expected_cents
        ) as before_cents
) as paid
where paid.after_cents <> paid.before_cents
