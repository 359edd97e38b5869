"""Subscriptions with metered visits: plans, one subscription a customer, what its invoices count, and their review."""

from alembic import op

revision = "0010"
down_revision = "0009"

# What is of no visit (a subscription, an invoice that is held) has no token of one. after_key is the business key of
# what has to have ended first.
OUTBOX = """
alter table ledger.outbox alter column visit_token drop not null;
alter table ledger.outbox add column after_key text;
create or replace function ledger.keep_what_was_asked() returns trigger language plpgsql as $$
begin
    if (new.outbox_id, new.business_key, new.operation, new.arguments, new.visit_token, new.practice_id, new.after_key)
        is distinct from
        (old.outbox_id, old.business_key, old.operation, old.arguments, old.visit_token, old.practice_id, old.after_key)
    then
        raise exception 'a change of what ledger.outbox asks for is refused: only how it stands may change'
            using errcode = 'restrict_violation';
    end if;
    return new;
end
$$;
create index outbox_usage on ledger.outbox ((arguments ->> 'customer')) where operation = 'meter_visit';
create index outbox_subscription on ledger.outbox ((outcome ->> 'object_id')) where operation = 'subscribe';
"""

# A category is metered at its price, or invoiced.
PLAN = """
alter table ledger.service_channel
    add column price_cents bigint check (price_cents between 1 and 99999999),
    add check (price_cents is null or channel = 'meter');
create table ledger.plan (
    practice_id text primary key,
    flat_cents bigint not null check (flat_cents between 1 and 99999999),
    changed_at timestamptz not null default now()
);
"""

# One row a subscription, whose request stands in the outbox; of those that have not ended a customer has one.
SUBSCRIPTION = """
create table ledger.subscription (
    subscription_token uuid primary key default gen_random_uuid(),
    patient_token uuid not null references ledger.customer,
    practice_id text not null,
    stripe_customer_id text not null,
    asked_at timestamptz not null default now(),
    ended_at timestamptz
);
create unique index subscription_one_a_customer on ledger.subscription (stripe_customer_id) where ended_at is null;
-- The portal asks by its own rights: of another practice it sees nobody.
create view ledger.subscriber with (security_invoker = true) as
select
    subscription.*,
    sent.business_key,
    sent.state,
    sent.arguments,
    sent.outcome,
    sent.outcome ->> 'object_id' as stripe_subscription_id,
    known.payload ->> 'status' as status,
    sent.state in ('refused', 'declined')
    or coalesce(known.payload ->> 'status' in ('canceled', 'incomplete_expired'), false) as is_over
from ledger.subscription
inner join ledger.outbox as sent
    on sent.operation = 'subscribe' and sent.business_key = 'subscribe:' || subscription.subscription_token
left join ledger.stripe_object as known on known.object_id = sent.outcome ->> 'object_id';
"""

# Of every invoice of a subscription of ours, by category: what it counts, and the completed visits of its period that
# were to be metered. A visit that was charged another way is not expected; one that is disputed counts as it was sent.
COUNTS = """
create view ledger.metered_count as
select
    invoice.object_id as invoice_id,
    subscriber.practice_id,
    subscriber.stripe_customer_id,
    invoice.payload ->> 'status' as status,
    (invoice.payload ->> 'auto_advance')::boolean as advances,
    to_timestamp((invoice.payload ->> 'period_start')::bigint) as period_starts_at,
    to_timestamp((invoice.payload ->> 'period_end')::bigint) as period_ends_at,
    substr(price.name, 7)::smallint as service_category,
    counted.visits as counted,
    completed.visits as completed
from ledger.stripe_object as invoice
inner join ledger.subscriber on subscriber.stripe_subscription_id = coalesce(
    invoice.payload -> 'parent' -> 'subscription_details' ->> 'subscription', invoice.payload ->> 'subscription'
)
cross join lateral jsonb_each_text(subscriber.outcome -> 'facts') as price (name, id)
cross join lateral (
    select coalesce(sum((line ->> 'quantity')::bigint), 0)::bigint as visits
    from jsonb_array_elements(coalesce(invoice.payload -> 'lines', '[]')) as line
    where coalesce(line -> 'pricing' -> 'price_details' ->> 'price', line -> 'price' ->> 'id') = price.id
) as counted
cross join lateral (
    select count(*) as visits
    from ledger.outbox as usage
    inner join ledger.visit on usage.visit_token = visit.visit_token
    where usage.operation = 'meter_visit'
        and usage.arguments ->> 'customer' = subscriber.stripe_customer_id
        and usage.arguments ->> 'event_name' = 'visit_category_' || substr(price.name, 7)
        and floor(extract(epoch from (usage.arguments ->> 'ended_at')::timestamptz))
            >= (invoice.payload ->> 'period_start')::bigint
        and floor(extract(epoch from (usage.arguments ->> 'ended_at')::timestamptz))
            < (invoice.payload ->> 'period_end')::bigint
        and visit.state in ('completed', 'partially_completed', 'disputed')
        and not exists (
            select from ledger.outbox as charged
            where charged.visit_token = usage.visit_token
                and charged.operation = 'charge_visit' and charged.state <> 'refused'
        )
) as completed
where invoice.object_type = 'invoice' and price.name ~ '^price_[0-9]+$';
"""

# The send-ledger of metered visits: usage that Stripe took and that is not being taken back, at the price it was asked.
USAGE = """
create view ledger.metered_usage as
select
    usage.visit_token,
    usage.practice_id,
    usage.arguments ->> 'customer' as stripe_customer_id,
    (usage.arguments ->> 'ended_at')::timestamptz as ended_at,
    (usage.arguments ->> 'unit_cents')::bigint as amount_cents,
    usage.changed_at as sent_at
from ledger.outbox as usage
where usage.operation = 'meter_visit' and usage.state = 'done'
    and not exists (
        select from ledger.outbox as cancelled
        where cancelled.visit_token = usage.visit_token
            and cancelled.operation = 'cancel_usage' and cancelled.state <> 'refused'
    );
"""

# An invoice whose counts differ, at most one row for ever: found is what was seen then. Staff settle it with a reason.
REVIEW = """
create table ledger.invoice_review (
    invoice_id text primary key check (invoice_id ~ '^in_[A-Za-z0-9]+$'),
    practice_id text not null,
    found jsonb not null,
    found_at timestamptz not null default now(),
    settled_at timestamptz,
    settled_by text check (settled_by ~ '[^[:space:]]'),
    why text check (why ~ '[^[:space:]]'),
    check ((settled_at is null) = (settled_by is null) and (settled_at is null) = (why is null))
);
"""


# A visit is closed out in the portal: it has to know who subscribes, and what Stripe last said of that.
PORTAL = """
alter table ledger.plan enable row level security;
create policy own_practice on ledger.plan to trueup_portal using ({own}) with check ({own});
grant select on ledger.plan to trueup_portal;
alter table ledger.subscription enable row level security;
create policy own_practice on ledger.subscription to trueup_portal using ({own}) with check ({own});
grant select, insert, update on ledger.subscription to trueup_portal;
grant select on ledger.subscriber to trueup_portal;
create policy own_subscription on ledger.stripe_object to trueup_portal using (
    object_type = 'subscription'
    and exists (
        select from ledger.customer where customer.stripe_customer_id = stripe_object.payload ->> 'customer'
    )
);
""".format(own="practice_id = nullif(current_setting('app.practice_id', true), '')")


def upgrade() -> None:
    for statement in (OUTBOX, PLAN, SUBSCRIPTION, COUNTS, USAGE, REVIEW, PORTAL):
        op.execute(statement)
