{{ config(schema='intermediate', contract={'enforced': false}, grants={}) }}

-- Leaks Stripe's side shows: money taken twice, money of no visit of ours that pays no subscription.
select
    {{ leak_id("'duplicate_charge'", "duplicates.visit_token || '/' || duplicates.captured_cents") }} as leak_id,
    visits.visit_token,
    visits.practice_id,
    visits.payer_id,
    visits.provider_id,
    visits.ended_on as happened_on,
    visits.service_period as period,
    'duplicate_charge' as category,
    duplicates.amount_cents,
    jsonb_build_object('charge_ids', duplicates.charge_ids, 'captured_cents', duplicates.captured_cents) as evidence
from {{ ref('int_payments__duplicate_charges') }} as duplicates
inner join {{ ref('int_visits__amounts') }} as visits on duplicates.visit_token = visits.visit_token
union all
select
    {{ leak_id("'orphan_charge'", 'charges.charge_id') }},
    null,
    null,
    null,
    null,
    orphans.received_on,
    {{ period('orphans.received_on') }},
    'orphan_charge',
    charges.captured_cents - charges.refunded_cents,
    jsonb_build_object(
        'charge_id', charges.charge_id, 'created_on', orphans.received_on, 'captured_cents', charges.captured_cents,
        'refunded_cents', charges.refunded_cents, 'visit_token_of_no_visit', charges.visit_token
    )
from {{ ref('int_payments__unapplied_lines') }} as orphans
inner join {{ ref('int_payments__charges') }} as charges on orphans.source_id = charges.charge_id
where charges.captured_cents <> charges.refunded_cents
