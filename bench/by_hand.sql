-- The books of `trueup reconcile` as one script over the raw tables, as somebody would write it by hand for these files:
-- no tests, no history, no evidence, nothing incremental, and of the rules only those the files need. Makes by_hand.visit,
-- by_hand.memo, by_hand.leak and by_hand.month. `bench.as_of` is the day of the books.
drop schema if exists by_hand cascade;
create schema by_hand;

-- Stripe: the newest version of each object.
create temporary table thing as
select distinct on (object_id)
    object_id,
    object_type,
    payload,
    (payload -> 'metadata' ->> 'visit_token')::uuid as visit_token
from raw.stripe_object
order by object_id, version_at desc, object_sha256 desc;

create temporary table invoice as
select
    object_id as invoice_id,
    visit_token,
    (payload ->> 'total')::bigint as total_cents,
    payload ->> 'status' in ('open', 'paid', 'uncollectible') as is_asked_for
from thing
where object_type = 'invoice';

create temporary table intent as
select
    thing.object_id as intent_id,
    link.payload ->> 'invoice' as invoice_id,
    coalesce(thing.visit_token, invoice.visit_token) as visit_token,
    case
        when thing.payload ->> 'status' = 'succeeded' then (thing.payload ->> 'amount_received')::bigint
        when thing.payload ->> 'status' = 'canceled' then 0
        when thing.payload ->> 'latest_charge' is not null then (thing.payload ->> 'amount')::bigint
        else 0
    end as demanded_cents
from thing
left join thing as link
    on link.object_type = 'invoice_payment' and link.payload -> 'payment' ->> 'payment_intent' = thing.object_id
left join invoice on link.payload ->> 'invoice' = invoice.invoice_id
where thing.object_type = 'payment_intent';

create temporary table refund as
select
    object_id as refund_id,
    payload ->> 'charge' as charge_id,
    payload ->> 'payment_intent' as intent_id,
    (payload ->> 'amount')::bigint as amount_cents
from thing
where object_type = 'refund' and payload ->> 'status' = 'succeeded';

create temporary table charge as
select
    thing.object_id as charge_id,
    intent.intent_id,
    intent.invoice_id,
    coalesce(thing.visit_token, intent.visit_token) as visit_token,
    thing.payload ->> 'status' as status,
    to_timestamp((thing.payload ->> 'created')::bigint) as created_at,
    (thing.payload ->> 'amount_captured')::bigint as captured_cents,
    coalesce(back.cents, 0)::bigint as refunded_cents
from thing
left join intent on thing.payload ->> 'payment_intent' = intent.intent_id
left join (select charge_id, sum(amount_cents) as cents from refund group by charge_id) as back
    on thing.object_id = back.charge_id
where thing.object_type = 'charge';

create temporary table billed as
select visit_token, sum(cents)::bigint as cents
from (
    select visit_token, total_cents as cents from invoice where is_asked_for
    union all
    select visit_token, demanded_cents from intent where invoice_id is null
    union all
    select visit_token, captured_cents from charge where status = 'succeeded' and intent_id is null
    union all
    select intent.visit_token, -refund.amount_cents
    from refund
    inner join intent on refund.intent_id = intent.intent_id and intent.invoice_id is null
) as demands
where visit_token is not null
group by visit_token;

create temporary table collected as
select visit_token, sum(cents)::bigint as cents
from (
    select visit_token, captured_cents - refunded_cents as cents from charge where status = 'succeeded'
    union all
    select charge.visit_token, -(thing.payload ->> 'amount')::bigint
    from thing
    inner join charge on thing.payload ->> 'charge' = charge.charge_id
    where thing.object_type = 'dispute' and thing.payload ->> 'status' = 'lost'
) as receipts
where visit_token is not null
group by visit_token;

create temporary table duplicate as
select visit_token, captured_cents, sum(captured_cents - refunded_cents)::bigint as amount_cents
from (
    select
        *,
        lag(created_at) over same as before_at
    from charge
    where status = 'succeeded' and invoice_id is null and visit_token is not null
    window same as (partition by visit_token, captured_cents order by created_at, charge_id)
) as tries
where created_at < before_at + interval '24 hours'
group by visit_token, captured_cents;

create temporary table failed as
select visit_token
from charge
where visit_token is not null
group by visit_token
having bool_or(status = 'failed') and not bool_or(status = 'succeeded');

-- Payers: posted claims that count, with their visit, their order and what their adjustments say.
create temporary table claim as
select
    claim.file_sha256,
    claim.st_index,
    claim.claim_index,
    owner.visit_token,
    payment.payer_id,
    payment.paid_on,
    payment.trn_number,
    claim.payer_claim_number,
    claim.facility_code,
    claim.is_reversal,
    claim.paid_cents,
    case when claim.status_code in ('2', '20') then 2 when claim.status_code in ('3', '21') then 3 else 1 end
        as payer_order,
    coalesce(taken.owed, 0) as owed,
    coalesce(taken.contractual, 0) as contractual,
    coalesce(taken.sequestration, 0) as sequestration,
    coalesce(taken.everything, 0) as everything,
    claim.paid_cents = 0 and coalesce(taken.refuses and not taken.asks, false) as is_denial,
    row_number() over (
        partition by owner.visit_token
        order by payment.paid_on, payment.trn_number collate "C", claim.st_index, claim.claim_index
    ) as position
from raw.era_claim as claim
inner join raw.era_transaction as payment using (file_sha256, st_index)
inner join raw.era_standing as standing using (file_sha256, st_index)
left join (
    select
        file_sha256,
        st_index,
        claim_index,
        sum(amount_cents) as everything,
        sum(amount_cents) filter (where group_code = 'PR') as owed,
        sum(amount_cents) filter (where group_code = 'CO' and reason_code = '45') as contractual,
        sum(amount_cents) filter (where group_code = 'CO' and reason_code = '253') as sequestration,
        bool_or(group_code = 'PR' and amount_cents <> 0) as asks,
        bool_or(group_code <> 'PR' and amount_cents <> 0 and (group_code, reason_code) <> ('CO', '45')) as refuses
    from raw.era_adjustment
    group by file_sha256, st_index, claim_index
) as taken using (file_sha256, st_index, claim_index)
inner join raw.claim_ref as owner on upper(replace(replace(claim.claim_ref, ' ', ''), '-', '')) = owner.claim_ref
where standing.verdict = 'posted' and claim.status_code not in ('23', '25');

create temporary table dead as
select visit_token, position from (
    select earlier.visit_token, max(earlier.position) as position
    from claim as later
    inner join claim as earlier
        on later.visit_token = earlier.visit_token
        and later.payer_claim_number = earlier.payer_claim_number
        and later.position > earlier.position
        and not earlier.is_reversal
    where later.is_reversal
    group by earlier.visit_token, later.position
) as undone
union
select earlier.visit_token, earlier.position
from claim as earlier
inner join claim as later
    on earlier.visit_token = later.visit_token
    and earlier.payer_id = later.payer_id
    and earlier.payer_order = later.payer_order
    and earlier.position < later.position
    and not later.is_reversal
where earlier.is_denial;

create temporary table adjudication as
with live as (
    select
        claim.*,
        dead.position is null and not claim.is_reversal as is_live
    from claim
    left join dead on claim.visit_token = dead.visit_token and claim.position = dead.position
),

ranked as (
    select
        *,
        max(payer_order) filter (where is_live) over (partition by visit_token) as last_order,
        max(position) filter (where is_live and payer_order = 1) over (partition by visit_token) as last_primary
    from live
)

select
    visit_token,
    sum(paid_cents)::bigint as payer_paid_cents,
    bool_or(is_live) as is_live,
    bool_or(is_live and payer_order = 1) as primary_is_live,
    bool_or(is_denial) filter (where position = last_primary) as is_denied,
    max(facility_code) filter (where position = last_primary) as pos_paid,
    max(everything) filter (where position = last_primary)::bigint as last_everything,
    sum(owed) filter (where is_live and payer_order = last_order)::bigint as owed,
    sum(paid_cents + owed + sequestration) filter (where is_live and payer_order = 1)::bigint as allowed,
    sum(contractual) filter (where is_live and payer_order = 1 and not is_denial)::bigint as contractual,
    sum(sequestration) filter (where is_live and payer_order = 1 and not is_denial)::bigint as sequestration,
    sum(everything) filter (where is_live and payer_order = 1 and is_denial)::bigint as denied,
    sum(everything - owed - contractual - sequestration)
        filter (where is_live and payer_order = 1 and not is_denial)::bigint as other
from ranked
group by visit_token;

-- Visits as they stand, and all amounts of each.
create temporary table visit as
select distinct on (visit_token)
    *,
    (coalesce(started_at, scheduled_start) at time zone 'UTC')::date as service_on,
    (coalesce(ended_at, scheduled_end) at time zone 'UTC')::date as ended_on
from raw.visit
order by visit_token, state_changed_at desc, row_sha256 desc;

create temporary table fee as
select distinct on (payer_id, service_code, modifiers, place_of_service, effective_from) *
from raw.fee
order by payer_id, service_code, modifiers, place_of_service, effective_from, load_id desc, row_number desc;

create temporary table amounts as
select
    visit.visit_token,
    visit.practice_id,
    visit.provider_id,
    visit.state,
    to_char(visit.service_on, 'YYYY-MM') as service_period,
    visit.payer_id,
    visit.service_code,
    visit.charge_cents,
    coalesce(adjudication.payer_paid_cents, 0) as payer_paid_cents,
    adjudication.owed as patient_responsibility_cents,
    case
        when verdict.on_hold then coalesce(billed.cents, 0)
        when verdict.bills and adjudication.is_live then adjudication.owed
        else verdict.target_cents
    end as patient_target_cents,
    coalesce(billed.cents, 0) as patient_billed_cents,
    coalesce(collected.cents, 0) as patient_collected_cents,
    coalesce(adjudication.contractual, 0) as contractual_cents,
    coalesce(adjudication.sequestration, 0) as sequestration_cents,
    coalesce(adjudication.denied, 0) as denied_cents,
    coalesce(adjudication.other, 0) as other_adjustment_cents,
    case when adjudication.primary_is_live then adjudication.allowed end as allowed_cents,
    visit.place_of_service as pos_ledger,
    adjudication.pos_paid,
    at_ledger.cents as expected_allowed_cents,
    at_paid.cents as expected_at_paid_cents,
    verdict.bills,
    verdict.on_hold,
    coalesce(adjudication.is_live, false) as is_adjudicated,
    coalesce(adjudication.is_denied, false) as is_denied,
    adjudication.last_everything,
    visit.patient_estimate_cents,
    visit.ended_on,
    failed.visit_token is not null as every_charge_failed
from visit
left join (
    select distinct on (practice_id) practice_id, policy_key
    from raw.practice
    order by practice_id, load_id desc, row_number desc
) as practice using (practice_id)
inner join raw.visit_verdict as verdict
    on visit.visit_token = verdict.visit_token
    and visit.state_changed_at = verdict.state_changed_at
    and visit.row_sha256 = verdict.row_sha256
    and verdict.policy_key = coalesce(practice.policy_key, 'default')
left join adjudication on visit.visit_token = adjudication.visit_token
left join billed on visit.visit_token = billed.visit_token
left join collected on visit.visit_token = collected.visit_token
left join failed on visit.visit_token = failed.visit_token
left join lateral (
    select fee.allowed_cents * visit.units as cents
    from fee
    where fee.payer_id = visit.payer_id
        and fee.service_code = visit.service_code
        and fee.place_of_service = visit.place_of_service
        and string_to_array(fee.modifiers, '|') <@ string_to_array(coalesce(visit.modifiers, ''), '|')
        and visit.service_on between fee.effective_from and coalesce(fee.effective_to, visit.service_on)
    order by cardinality(string_to_array(fee.modifiers, '|')) desc, fee.effective_from desc
    limit 1
) as at_ledger on true
left join lateral (
    select fee.allowed_cents * visit.units as cents
    from fee
    where fee.payer_id = visit.payer_id
        and fee.service_code = visit.service_code
        and fee.place_of_service = coalesce(adjudication.pos_paid, visit.place_of_service)
        and string_to_array(fee.modifiers, '|') <@ string_to_array(coalesce(visit.modifiers, ''), '|')
        and visit.service_on between fee.effective_from and coalesce(fee.effective_to, visit.service_on)
    order by cardinality(string_to_array(fee.modifiers, '|')) desc, fee.effective_from desc
    limit 1
) as at_paid on true;

create table by_hand.memo as
select
    visit_token,
    patient_target_cents - patient_billed_cents as memo_cents
from amounts
where
    not on_hold
    and (is_adjudicated or patient_billed_cents > patient_target_cents)
    and patient_target_cents <> patient_billed_cents;

create table by_hand.visit as
select
    amounts.*,
    coalesce(memo.memo_cents, 0) as memo_cents,
    variance.cents as pos_variance_cents,
    amounts.payer_paid_cents + amounts.patient_target_cents + coalesce(variance.cents, 0) as pos_adjusted_revenue_cents,
    amounts.patient_billed_cents + coalesce(memo.memo_cents, 0) - amounts.patient_collected_cents
        as patient_balance_cents
from amounts
left join by_hand.memo as memo on amounts.visit_token = memo.visit_token
cross join lateral (
    select
        case
            when coalesce(amounts.pos_paid, amounts.pos_ledger) = amounts.pos_ledger then 0
            else amounts.expected_allowed_cents - amounts.expected_at_paid_cents
        end as cents
) as variance;

create table by_hand.leak as
select 'completed_not_billed' as category, visit_token, patient_target_cents as amount_cents
from by_hand.visit
where bills and patient_target_cents > 0 and patient_billed_cents = 0 and memo_cents = 0
union all
select 'charge_failed', visit_token, patient_target_cents
from by_hand.visit
where patient_target_cents > 0 and patient_collected_cents = 0 and every_charge_failed
union all
select 'billed_not_billable', visit_token, patient_billed_cents - patient_target_cents
from by_hand.visit
where not bills and patient_billed_cents > patient_target_cents
union all
select 'duplicate_charge', duplicate.visit_token, duplicate.amount_cents
from duplicate
inner join visit on duplicate.visit_token = visit.visit_token
where duplicate.amount_cents > 0
union all
select 'claim_never_adjudicated', visit_token, coalesce(expected_allowed_cents, charge_cents) - patient_estimate_cents
from by_hand.visit
where payer_id is not null and bills and not is_adjudicated
    and current_setting('bench.as_of')::date - ended_on > 45
union all
select 'denied', visit_token, coalesce(expected_allowed_cents, last_everything)
from by_hand.visit
where bills and is_denied
union all
select 'pos_mismatch', visit_token, pos_variance_cents
from by_hand.visit
where bills and not is_denied and pos_paid <> pos_ledger and pos_paid in ('02', '10') and pos_ledger in ('02', '10')
union all
select 'underpaid', visit_token, expected_at_paid_cents - allowed_cents
from by_hand.visit
where bills and not is_denied and expected_at_paid_cents - allowed_cents >= 100
union all
select 'remit_for_unbillable_visit', visit_token, payer_paid_cents
from by_hand.visit
where not bills and is_adjudicated and payer_paid_cents > 0
union all
select 'eft_missing', null, payment.bpr_cents
from raw.era_transaction as payment
inner join raw.era_standing as standing using (file_sha256, st_index)
where standing.verdict = 'posted' and payment.bpr_method = 'ACH' and payment.bpr_cents > 0
    and current_setting('bench.as_of')::date - payment.paid_on > 10
    and not exists (
        select from raw.bank_deposit as deposit
        where deposit.trace_number = payment.trn_number and deposit.amount_cents = payment.bpr_cents
    );

create table by_hand.month as
select
    visit.service_period as period,
    measures.measure,
    sum(measures.cents)::bigint as amount_cents
from by_hand.visit as visit
cross join lateral (
    values
    ('gross_charges', charge_cents), ('contractual', contractual_cents), ('sequestration', sequestration_cents),
    ('denied', denied_cents), ('other_adjustment', other_adjustment_cents), ('allowed', allowed_cents),
    ('payer_paid', payer_paid_cents), ('patient_responsibility', patient_responsibility_cents),
    ('patient_target', patient_target_cents), ('patient_billed', patient_billed_cents),
    ('patient_collected', patient_collected_cents), ('pos_variance', pos_variance_cents),
    ('pos_adjusted_revenue', pos_adjusted_revenue_cents), ('patient_balance', patient_balance_cents)
) as measures (measure, cents)
group by visit.service_period, measures.measure;
