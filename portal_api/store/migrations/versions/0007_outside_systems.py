"""Scheduling systems outside that report visits, what they call them (as a MAC), and which reports came already."""

from alembic import op

from portal_api.store.guard import guarded

revision = "0007"
down_revision = "0006"

SYSTEM = """
create table portal.outside_system (
    practice_id text not null references portal.practice,
    id uuid not null,
    name text not null check (name ~ '[^[:space:]]'),
    secret bytea not null,
    created_at timestamptz not null,
    disabled_at timestamptz,
    primary key (practice_id, id)
)
"""
EVENT = """
create table portal.outside_event (
    practice_id text not null,
    system_id uuid not null,
    sha256 bytea not null check (octet_length(sha256) = 32),
    received_at timestamptz not null,
    primary key (practice_id, system_id, sha256),
    foreign key (practice_id, system_id) references portal.outside_system (practice_id, id)
)
"""
KNOWN = """
create table portal.{table} (
    practice_id text not null,
    system_id uuid not null,
    ref bytea not null check (octet_length(ref) = 32),
    {column} uuid not null unique,
    primary key (practice_id, system_id, ref),
    foreign key (practice_id, system_id) references portal.outside_system (practice_id, id)
)
"""
TABLES = {"outside_visit": "visit_token", "outside_patient": "patient_token"}


def upgrade() -> None:
    op.execute(SYSTEM)
    op.execute(EVENT)
    for table, column in TABLES.items():
        op.execute(KNOWN.format(table=table, column=column))
    for statement in guarded("outside_system"):
        op.execute(statement)
    for statement in [each for table in ("outside_event", *TABLES) for each in guarded(table, insert_only=True)]:
        op.execute(statement)
