"""Messages between patients and providers, sealed by the week, and what is left of a week whose key was destroyed."""

from alembic import op

from portal_api.store.guard import guarded

revision = "0004"
down_revision = "0003"

# wrapped is null once the week is over; what unwrapped it is destroyed after that, and never before.
KEY = """
create table portal.message_key (
    practice_id text not null references portal.practice,
    week date not null check (extract(isodow from week) = 1),
    key_id text not null,
    wrapped bytea,
    created_at timestamptz not null,
    doomed_at timestamptz,
    held_why text check (held_why ~ '[^[:space:]]'),
    primary key (practice_id, week),
    check ((wrapped is null) = (doomed_at is not null)),
    check (held_why is null or wrapped is not null)
)
"""
THREAD = """
create table portal.thread (
    id uuid primary key,
    practice_id text not null references portal.practice,
    patient_id uuid not null,
    staff_id uuid not null,
    opened_at timestamptz not null,
    unique (practice_id, id),
    unique (patient_id, staff_id),
    foreign key (practice_id, patient_id) references portal.patient (practice_id, id),
    foreign key (practice_id, staff_id) references portal.staff (practice_id, id)
)
"""
MESSAGE = """
create table portal.message (
    id uuid primary key,
    ordinal bigint generated always as identity,
    practice_id text not null,
    thread_id uuid not null,
    week date not null,
    author text not null check (author in ('patient', 'staff')),
    sealed bytea not null check (octet_length(sealed) > 29),
    sent_at timestamptz not null,
    read_at timestamptz,
    foreign key (practice_id, thread_id) references portal.thread (practice_id, id),
    foreign key (practice_id, week) references portal.message_key (practice_id, week)
)
"""
INDEXES = (
    "create index message_of_thread on portal.message (thread_id, ordinal)",
    "create index message_of_week on portal.message (practice_id, week)",
    "create index thread_of_staff on portal.thread (staff_id)",
)
DESTROYED = """
create table portal.key_destroyed (
    practice_id text not null references portal.practice,
    week date not null,
    key_id text not null,
    destroyed_at timestamptz not null,
    certificate bytea not null check (octet_length(certificate) = 32),
    primary key (practice_id, week)
)
"""


def upgrade() -> None:
    for statement in (KEY, THREAD, MESSAGE, *INDEXES, DESTROYED):
        op.execute(statement)
    for statement in [each for table in ("message_key", "thread", "message") for each in guarded(table)]:
        op.execute(statement)
    for statement in guarded("key_destroyed", insert_only=True):
        op.execute(statement)
