"""Memos that are only ever added to, the two roles, and the empty schemas of the warehouse."""

from alembic import op

revision = "0001"
down_revision = None

# Roles belong to the whole server: another database may be making them in this very moment.
ROLE = """
do $$
begin
    if not exists (select from pg_roles where rolname = '{role}') then
        create role {role} nologin;
    end if;
exception when duplicate_object or unique_violation then
    null;
end
$$
"""

SCHEMAS = """
create schema if not exists staging;
create schema if not exists intermediate;
create schema if not exists marts;
create schema if not exists ops;
"""

# RFC 9562 section 5.8: a UUIDv8 over SHA-256 of a namespace of ours, the visit and the memo's number.
MEMO_ID = """
create function ledger.memo_id(visit_token uuid, ordinal integer) returns uuid
language sql immutable strict parallel safe
return (
    select encode(
        set_byte(set_byte(d.h, 6, (get_byte(d.h, 6) & 15) | 128), 8, (get_byte(d.h, 8) & 63) | 128), 'hex'
    )::uuid
    from (
        select substring(
            sha256(
                decode('6f2b8c1e4d7a4f0b9e35a1c8d2047b96', 'hex')
                || convert_to(visit_token::text || '/' || ordinal::text, 'UTF8')
            )
            from 1 for 16
        ) as h
    ) as d
)
"""

MEMOS = """
create table ledger.memos (
    memo_id uuid primary key,
    visit_token uuid not null,
    ordinal integer not null check (ordinal >= 1),
    kind text not null check (kind in ('credit', 'debit')),
    amount_cents bigint not null check (amount_cents > 0),
    reason text not null
        check (reason in ('payer_adjudication', 'payer_reversal', 'visit_state', 'duplicate_charge')),
    caused_by text not null,
    origin_period text not null check (origin_period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
    period text not null check (period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
    as_of date not null,
    issued_at timestamptz not null default now(),
    unique (visit_token, ordinal),
    constraint memo_id_is_of_its_visit_and_number check (memo_id = ledger.memo_id(visit_token, ordinal))
);
create index memos_period on ledger.memos (period);
"""

# ALWAYS: a session that replays as a replica does not get past it either.
APPEND_ONLY = """
create function ledger.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% on %.% is refused: its rows are only ever added to; issue a further memo instead',
        tg_op, tg_table_schema, tg_table_name using errcode = 'restrict_violation';
end
$$;
create trigger memos_are_only_added_to before update or delete or truncate on ledger.memos
    for each statement execute function ledger.refuse_change();
alter table ledger.memos enable always trigger memos_are_only_added_to;
"""

# Whoever prepares the database may act as either role; a superuser may already.
GRANTS = """
do $$
begin
    if not pg_has_role(current_user, 'trueup_books', 'member') then
        execute format('grant trueup_books, trueup_reader to %I', current_user);
    end if;
end
$$;
grant usage on schema ledger to trueup_books;
grant select, insert on ledger.memos to trueup_books;
grant usage on schema marts to trueup_reader;
grant select on all tables in schema marts to trueup_reader;
alter default privileges in schema marts grant select on tables to trueup_reader;
"""


def upgrade() -> None:
    for role in ("trueup_books", "trueup_reader"):
        op.execute(ROLE.format(role=role))
    for statement in (SCHEMAS, MEMO_ID, MEMOS, APPEND_ONLY, GRANTS):
        op.execute(statement)
