"""Collecting: what a practice asks for and how, holds for hardship, the staff worklist and notices to patients."""

from alembic import op

revision = "0012"
down_revision = "0011"

# What a practice decides about its patients beside its fees; without a row the defaults of ledger.rules.dunning and
# ledger.rules.visit hold. timezone: null is the installation's.
POLICY = """
create table ledger.practice_policy (
    practice_id text primary key,
    timezone text,
    late_cancel_hours integer not null check (late_cancel_hours between 0 and 336),
    quiet_from time not null,
    quiet_until time not null,
    visit_hours integer not null check (visit_hours between 0 and 168),
    days_apart integer not null check (days_apart between 1 and 90),
    most_notices integer not null check (most_notices between 0 and 20),
    changed_by text not null,
    changed_at timestamptz not null default now()
);
"""

# While a hold lasts nothing is asked of a patient, or for a visit. A reason is written by staff and names no patient.
HOLD = """
create table ledger.hardship_hold (
    hold_id uuid primary key default gen_random_uuid(),
    patient_token uuid,
    visit_token uuid,
    practice_id text not null,
    reason text not null,
    made_by text not null,
    made_at timestamptz not null default now(),
    ended_why text,
    ended_by text,
    ended_at timestamptz,
    check (num_nonnulls(patient_token, visit_token) = 1),
    check (num_nulls(ended_why, ended_by, ended_at) in (0, 3))
);
create unique index hardship_hold_patient on ledger.hardship_hold (patient_token) where ended_at is null;
create unique index hardship_hold_visit on ledger.hardship_hold (visit_token) where ended_at is null;
"""

# What a person should look at: one row for ever of a kind and its cause. `occasion` counts up what happens to the cause
# (attempts at an invoice): a later one opens a row anew that was resolved, the same one told again does not. `why` is
# how the cause stands now, a code or a sentence without a name.
WORKLIST = """
create table ledger.worklist (
    item_id bigint generated always as identity primary key,
    kind text not null check (kind ~ '^[a-z_]+$'),
    cause text not null check (cause ~ '[^[:space:]]'),
    occasion integer not null,
    why text not null,
    visit_token uuid,
    object_id text,
    practice_id text,
    opened_at timestamptz not null default now(),
    state text not null default 'open' check (state in ('open', 'assigned', 'resolved')),
    assignee text,
    changed_at timestamptz not null default now(),
    unique (kind, cause),
    check ((state = 'assigned') = (assignee is not null))
);
create index worklist_waiting on ledger.worklist (opened_at) where state <> 'resolved';
create index worklist_object on ledger.worklist (object_id) where state <> 'resolved';
create table ledger.worklist_entry (
    item_id bigint not null references ledger.worklist,
    ordinal integer not null check (ordinal >= 1),
    deed text not null check (deed in ('opened', 'assigned', 'noted', 'resolved')),
    said text,
    made_by text not null,
    made_at timestamptz not null default now(),
    primary key (item_id, ordinal)
);
create trigger worklist_entry_is_only_added_to before update or delete or truncate on ledger.worklist_entry
    for each statement execute function ledger.refuse_change();
alter table ledger.worklist_entry enable always trigger worklist_entry_is_only_added_to;
"""

# What a patient is to be told, by a sentence that is chosen and never written, and from when: no name and no address.
NOTICE = """
create table ledger.notice (
    notice_id uuid primary key default gen_random_uuid(),
    business_key text not null unique
        check (business_key ~ '^(dunning:in_[A-Za-z0-9]+:[0-9]+|receipt:in_[A-Za-z0-9]+)$'),
    kind text not null check (kind in ('authenticate', 'new_card', 'pay', 'receipt')),
    patient_token uuid not null,
    practice_id text not null,
    visit_token uuid,
    invoice_id text not null,
    created_at timestamptz not null default now(),
    not_before timestamptz not null,
    state text not null default 'waiting' check (state in ('waiting', 'sent', 'withdrawn')),
    changed_at timestamptz not null default now()
);
create index notice_due on ledger.notice (not_before) where state = 'waiting';
create index notice_patient on ledger.notice (patient_token);
create index notice_invoice on ledger.notice (invoice_id);
"""

# What stands open of a customer, why a card was declined last, and every version of an invoice: in one second there may
# be several, of which the furthest counts.
LOOK_UPS = """
create index stripe_object_open_invoice on ledger.stripe_object ((payload ->> 'customer'))
    where object_type = 'invoice' and payload ->> 'status' in ('draft', 'open', 'uncollectible');
create index stripe_object_declined on ledger.stripe_object ((payload ->> 'customer'))
    where object_type = 'payment_intent' and payload ? 'last_payment_error';
create index inbox_invoice on ledger.inbox (object_id) where object_type = 'invoice';
create index outbox_unfinished on ledger.outbox (state) where state <> 'done';
create index outbox_paused on ledger.outbox (business_key) where operation = 'pause_invoice';
"""

# The values a deed edited to, so that another deed by the same name is told from the same one told again.
EDITED = "alter table ledger.visit_event add column changes jsonb not null default '{}'"
DISPUTED = "create index visit_disputed on ledger.visit (visit_token) where state = 'disputed'"

# Fees stand in the practices' file alone, which the portal does not read: it asks for those of one practice.
FEES = """
create function ledger.fees_of(practice text)
returns table (no_show_fee_cents bigint, late_cancel_fee_cents bigint, partial_visit text)
language plpgsql stable security definer set search_path = '' as $$
begin
    return query
    select known.no_show_fee_cents, known.late_cancel_fee_cents, known.partial_visit
    from raw.practice as known
    where known.practice_id = practice
    order by known.load_id desc, known.row_number desc
    limit 1;
end
$$;
grant execute on function ledger.fees_of(text) to trueup_portal;
"""
# The staff pages see and write rows of their own practice.
GUARDED = """
alter table ledger.{table} enable row level security;
create policy own_practice on ledger.{table} to trueup_portal using ({condition}) with check ({condition});
grant {rights} on ledger.{table} to trueup_portal;
"""
OWN = "practice_id = nullif(current_setting('app.practice_id', true), '')"
TABLES = {
    "practice_policy": (OWN, "select, insert, update"),
    "hardship_hold": (OWN, "select, insert, update"),
    "worklist": (OWN, "select, insert, update"),
    "worklist_entry": (
        "exists (select from ledger.worklist where worklist.item_id = worklist_entry.item_id)",
        "select, insert",
    ),
    "notice": (OWN, "select, insert, update"),
}


def upgrade() -> None:
    for statement in (POLICY, HOLD, WORKLIST, NOTICE, LOOK_UPS, EDITED, DISPUTED, FEES):
        op.execute(statement)
    for table, (condition, rights) in TABLES.items():
        op.execute(GUARDED.format(table=table, condition=condition, rights=rights))
