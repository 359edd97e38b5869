-- What Stripe says: what patients were asked for, what came in, and every movement of its balance. Days are those of UTC.

-- The newest version of each object.
create temporary table thing as
select distinct on (object_id)
    object_id,
    object_type,
    payload,
    file_sha256,
    line_number,
    payload ->> 'status' as status,
    payload ->> 'customer' as customer_id,
    (payload -> 'metadata' ->> 'visit_token')::uuid as visit_token,
    to_timestamp((payload ->> 'created')::bigint) as created_at
from raw.stripe_object
order by object_id, version_at desc, object_sha256 desc;
analyze thing (object_id, object_type, status);

create temporary table invoice as
select
    object_id as invoice_id,
    visit_token,
    customer_id,
    status,
    (payload ->> 'total')::bigint as total_cents,
    (payload ->> 'amount_remaining')::bigint as remaining_cents,
    (payload ->> 'amount_due')::bigint as due_cents,
    (payload ->> 'amount_paid')::bigint as paid_cents,
    to_timestamp(coalesce(payload -> 'status_transitions' ->> 'finalized_at', payload ->> 'created')::bigint) as finalized_at,
    to_timestamp(coalesce(payload -> 'status_transitions' ->> 'marked_uncollectible_at', payload ->> 'created')::bigint)
        as uncollectible_at
from thing
where object_type = 'invoice' and status in ('open', 'paid', 'uncollectible');
analyze invoice;

create temporary table link as
select payload ->> 'invoice' as invoice_id, payload -> 'payment' ->> 'payment_intent' as intent_id
from thing
where object_type = 'invoice_payment';
analyze link;

create temporary table intent as
select
    thing.object_id as intent_id,
    link.invoice_id,
    thing.status,
    thing.created_at,
    coalesce(thing.visit_token, invoice.visit_token) as visit_token,
    coalesce(thing.customer_id, invoice.customer_id) as customer_id,
    (thing.payload ->> 'amount_received')::bigint as received_cents,
    case
        when thing.status = 'succeeded' then (thing.payload ->> 'amount_received')::bigint
        when thing.status <> 'canceled' and thing.payload ->> 'latest_charge' is not null
            then (thing.payload ->> 'amount')::bigint
        else 0
    end as demanded_cents
from thing
left join link on thing.object_id = link.intent_id
left join invoice on link.invoice_id = invoice.invoice_id
where thing.object_type = 'payment_intent';
analyze intent;

create temporary table charge as
select
    thing.object_id as charge_id,
    intent.intent_id,
    intent.invoice_id,
    thing.status,
    thing.created_at,
    coalesce(thing.visit_token, intent.visit_token) as visit_token,
    coalesce(thing.customer_id, intent.customer_id) as customer_id,
    (thing.payload ->> 'amount_captured')::bigint as captured_cents
from thing
left join intent on thing.payload ->> 'payment_intent' = intent.intent_id
where thing.object_type = 'charge';
analyze charge;

-- Money that went back: succeeded refunds, and disputes with what became of them.
create temporary table back as
select
    thing.object_id as back_id,
    thing.object_type,
    thing.status,
    thing.created_at,
    charge.charge_id,
    charge.intent_id,
    charge.invoice_id,
    charge.visit_token,
    charge.customer_id,
    (thing.payload ->> 'amount')::bigint as cents
from thing
inner join charge on thing.payload ->> 'charge' = charge.charge_id
where (thing.object_type = 'refund' and thing.status = 'succeeded') or thing.object_type = 'dispute';
analyze back;

-- What was asked for, a line an object: invoices, intents that pay no invoice, charges with neither, less their refunds.
create temporary table demand as
select invoice_id as source_id, visit_token, customer_id, finalized_at::date as happened_on, total_cents as cents
from invoice
union all
select intent_id, visit_token, customer_id, created_at::date, demanded_cents
from intent
where invoice_id is null and demanded_cents <> 0
union all
select charge_id, visit_token, customer_id, created_at::date, captured_cents
from charge
where status = 'succeeded' and intent_id is null
union all
select back_id, visit_token, customer_id, created_at::date, -cents
from back
where object_type = 'refund' and invoice_id is null;
analyze demand;

-- What came in, a line an object: captured charges less refunds less lost disputes.
create temporary table receipt as
select
    charge_id as source_id,
    false as is_dispute,
    visit_token,
    customer_id,
    created_at::date as happened_on,
    captured_cents as cents
from charge
where status = 'succeeded'
union all
select back_id, object_type = 'dispute', visit_token, customer_id, created_at::date, -cents
from back
where object_type = 'refund' or status = 'lost';
analyze receipt;

-- Two charges of a visit with one amount, fewer than 24 hours apart.
create temporary table duplicate as
select
    tries.visit_token,
    sum(tries.captured_cents - coalesce(refunded.cents, 0))::bigint as cents,
    min(tries.charge_id) as first_charge_id
from (
    select
        visit_token,
        charge_id,
        captured_cents,
        created_at,
        lag(created_at) over (partition by visit_token, captured_cents order by created_at, charge_id) as before_at
    from charge
    where status = 'succeeded' and invoice_id is null and visit_token is not null
) as tries
left join (select charge_id, sum(cents) as cents from back where object_type = 'refund' group by charge_id) as refunded
    on tries.charge_id = refunded.charge_id
where tries.created_at < tries.before_at + interval '24 hours'
group by tries.visit_token, tries.captured_cents
having sum(tries.captured_cents - coalesce(refunded.cents, 0)) > 0;
analyze duplicate;

-- What the objects of a visit add up to.
create temporary table paying as
select
    visit_token,
    coalesce(billed.cents, 0) as billed_cents,
    coalesce(collected.cents, 0) as collected_cents,
    coalesce(attempts.every_one_failed, false) as every_charge_failed
from (select visit_token, sum(cents)::bigint as cents from demand group by visit_token) as billed
full join (select visit_token, sum(cents)::bigint as cents from receipt group by visit_token) as collected
    using (visit_token)
full join (
    select visit_token, bool_or(status = 'failed') and not bool_or(status = 'succeeded') as every_one_failed
    from charge
    group by visit_token
) as attempts using (visit_token)
where visit_token is not null;
analyze paying;

-- The Stripe balance, and the account of what each movement is for.
create temporary table movement as
select
    object_id as movement_id,
    payload ->> 'source' as source_id,
    payload ->> 'payout' as payout_id,
    payload ->> 'type' as type,
    created_at::date as happened_on,
    (payload ->> 'amount')::bigint as cents,
    (payload ->> 'fee')::bigint as fee_cents,
    (payload ->> 'net')::bigint as net_cents,
    case payload ->> 'type'
        when 'charge' then 'stripe_pending'
        when 'refund' then 'stripe_pending'
        when 'adjustment' then 'disputes'
        when 'payout' then 'payouts_in_transit'
    end as account
from thing
where object_type = 'balance_transaction';
analyze movement;
