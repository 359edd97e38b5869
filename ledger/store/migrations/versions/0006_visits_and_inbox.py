"""Visits with their history, how each was closed out, the inbox of webhooks and the newest word on Stripe's objects."""

from alembic import op

revision = "0006"
down_revision = "0005"

STATES = (
    *("scheduled", "started", "completed", "partially_completed", "abandoned"),
    *("no_show", "cancelled", "late_cancelled", "disputed"),
)

# The visit as it stands: the columns of the visit file, and beside them whose it is and its category, a number and no
# name. A practice's category goes by one channel; without a row it is invoiced.
VISIT = """
create table ledger.service_channel (
    practice_id text not null,
    service_category smallint not null check (service_category between 1 and 99),
    channel text not null check (channel in ('invoice', 'meter')),
    primary key (practice_id, service_category)
);
create table ledger.visit (
    visit_token uuid primary key,
    patient_token uuid not null,
    practice_id text not null,
    provider_id text not null,
    claim_ref text unique check (claim_ref ~ '^[A-Z0-9]{{1,20}}$'),
    state text not null check (state in ({states})),
    service_category smallint not null check (service_category between 1 and 99),
    service_code text not null,
    modifiers text,
    units integer not null check (units >= 1),
    place_of_service text not null check (place_of_service ~ '^[0-9][0-9]$'),
    scheduled_start timestamptz not null,
    scheduled_end timestamptz not null check (scheduled_end > scheduled_start),
    started_at timestamptz,
    ended_at timestamptz check (ended_at >= started_at),
    payer_id text check (payer_id <> ''),
    charge_cents bigint not null check (charge_cents >= 0),
    patient_estimate_cents bigint check (patient_estimate_cents >= 0),
    state_changed_at timestamptz not null,
    check (payer_id is null or patient_estimate_cents is not null)
);
create index visit_patient on ledger.visit (patient_token);
"""

# Every change of a visit, with the visit as it stood after it. event_key is what the caller names its deed by: the same
# deed told twice is one event. A reason is written by staff and names no patient.
EVENT = """
create table ledger.visit_event (
    visit_token uuid not null references ledger.visit,
    ordinal integer not null check (ordinal >= 1),
    event_key text not null unique check (event_key ~ '[^[:space:]]'),
    from_state text check (from_state in ({states})),
    to_state text not null check (to_state in ({states})),
    edited text [] not null,
    actor text not null check (actor in ('patient', 'provider', 'staff', 'system')),
    reason text,
    at timestamptz not null,
    observation jsonb not null,
    recorded_at timestamptz not null default now(),
    primary key (visit_token, ordinal),
    check ((ordinal = 1) = (from_state is null))
);
"""

# What a visit billed and by which channel, fixed when it was over: at most one row a visit, for ever.
CLOSE_OUT = """
create table ledger.visit_close_out (
    visit_token uuid primary key references ledger.visit,
    state text not null check (state in ({states})),
    channel text not null check (channel in ('invoice', 'meter')),
    bills boolean not null,
    target_cents bigint not null check (target_cents >= 0),
    rule_version text not null,
    policy_key text not null,
    closed_at timestamptz not null
);
"""

# The key of an event is kept for ever; its payload, allow-listed fields only, until it is pruned. is_landed: the
# warehouse has it.
INBOX = """
create table ledger.inbox (
    endpoint text not null,
    event_id text not null,
    event_type text not null,
    api_version text,
    account text,
    is_live boolean not null,
    created_at timestamptz not null,
    object_type text not null,
    object_id text,
    object_sha256 text not null,
    payload jsonb,
    is_landed boolean not null default false,
    received_at timestamptz not null default now(),
    primary key (endpoint, event_id)
);
create index inbox_unlanded on ledger.inbox (received_at) where not is_landed;
create function ledger.keep_what_was_received() returns trigger language plpgsql as $$
begin
    if to_jsonb(new) - 'payload' - 'is_landed' is distinct from to_jsonb(old) - 'payload' - 'is_landed'
        or (new.payload is not null and new.payload is distinct from old.payload)
    then
        raise exception 'a change of what ledger.inbox received is refused: a payload may only be dropped'
            using errcode = 'restrict_violation';
    end if;
    return new;
end
$$;
create trigger inbox_keeps_what_was_received before update on ledger.inbox
    for each row execute function ledger.keep_what_was_received();
alter table ledger.inbox enable always trigger inbox_keeps_what_was_received;
create trigger inbox_is_kept_for_ever before delete or truncate on ledger.inbox
    for each statement execute function ledger.refuse_change();
alter table ledger.inbox enable always trigger inbox_is_kept_for_ever;
"""

# Events whose effect failed or whose object was refused: kept beside the transaction that was rolled back. event holds
# what is needed to try again, and nothing of an object that the inbox would not keep.
FAILURE = """
create table ledger.inbox_failure (
    endpoint text not null,
    event_id text not null,
    event jsonb not null,
    reason text not null,
    attempts integer not null default 1 check (attempts >= 1),
    first_failed_at timestamptz not null default now(),
    last_failed_at timestamptz not null default now(),
    resolved_at timestamptz,
    primary key (endpoint, event_id)
);
create index inbox_failure_open on ledger.inbox_failure (first_failed_at) where resolved_at is null;
"""

# The newest version of every object that an event told of: by event.created, equal times by the larger hash.
OBJECT = """
create table ledger.stripe_object (
    object_id text primary key,
    object_type text not null,
    version_at timestamptz not null,
    object_sha256 text not null collate "C",
    event_id text not null,
    payload jsonb not null
);
create index stripe_object_card on ledger.stripe_object ((payload ->> 'customer'))
    where object_type = 'payment_method';
"""

APPEND_ONLY = """
create trigger {table}_is_only_added_to before update or delete or truncate on ledger.{table}
    for each statement execute function ledger.refuse_change();
alter table ledger.{table} enable always trigger {table}_is_only_added_to;
"""


def upgrade() -> None:
    states = ", ".join(f"'{state}'" for state in STATES)
    for statement in (VISIT, EVENT, CLOSE_OUT):
        op.execute(statement.format(states=states))
    for statement in (INBOX, FAILURE, OBJECT):
        op.execute(statement)
    for table in ("visit_event", "visit_close_out"):
        op.execute(APPEND_ONLY.format(table=table))
