{{ config(schema='intermediate', contract={'enforced': false}, grants={}) }}

-- Leaks Stripe's side shows: money taken twice, money of no visit of ours that pays no subscription.
with charges as (

    select * from {{ ref('int_payments__charges') }}

),

visits as (

    select
        visit_token,
        practice_id,
        service_period
    from {{ ref('int_visits__amounts') }}

),

settings as (

    select * from {{ ref('stg_ops__run_settings') }}

)

select
    visits.visit_token,
    visits.practice_id,
    visits.service_period as period,
    'duplicate_charge' as category,
    duplicates.visit_token || '/' || duplicates.captured_cents as subject,
    duplicates.amount_cents,
    jsonb_build_object('charge_ids', duplicates.charge_ids, 'captured_cents', duplicates.captured_cents) as evidence
from {{ ref('int_payments__duplicate_charges') }} as duplicates
inner join visits on duplicates.visit_token = visits.visit_token
union all
select
    null,
    null,
    {{ period(local_date('charges.created_at', 'settings.timezone')) }},
    'orphan_charge',
    charges.charge_id,
    charges.captured_cents - charges.refunded_cents,
    jsonb_build_object(
        'charge_id', charges.charge_id, 'created_on', {{ local_date('charges.created_at', 'settings.timezone') }},
        'captured_cents', charges.captured_cents, 'refunded_cents', charges.refunded_cents,
        'visit_token_of_no_visit', charges.visit_token
    )
from charges
cross join settings
left join visits on charges.visit_token = visits.visit_token
where
    charges.is_succeeded
    and visits.visit_token is null
    and charges.subscription_id is null
    and charges.captured_cents <> charges.refunded_cents
