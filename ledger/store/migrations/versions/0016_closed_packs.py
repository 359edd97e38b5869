"""The pack of a closing: its files as they were first made, one of each format a version of a month."""

from alembic import op

revision = "0016"
down_revision = "0015"

# A pack is of a closing that took place: those are the odd events of a month (0002).
PACKS = """
create table ledger.closed_pack (
    period text not null,
    version integer not null check (version >= 1),
    format text not null check (format in ('html', 'pdf', 'xlsx', 'csv')),
    content bytea not null,
    sha256 text not null generated always as (encode(sha256(content), 'hex')) stored,
    byte_count bigint not null generated always as (octet_length(content)) stored,
    made_at timestamptz not null default now(),
    closing integer not null generated always as (version * 2 - 1) stored,
    primary key (period, version, format),
    foreign key (period, closing) references ledger.period_event (period, ordinal)
);
-- The big ones are packed already.
alter table ledger.closed_pack alter column content set storage external;
"""

# ALWAYS: a session that replays as a replica does not get past it either.
APPEND_ONLY = """
create trigger closed_pack_is_only_added_to before update or delete or truncate on ledger.closed_pack
    for each statement execute function ledger.refuse_change();
alter table ledger.closed_pack enable always trigger closed_pack_is_only_added_to;
"""

# Whoever reads all practices' marts may read what was published of them.
GRANTS = """
grant select, insert on ledger.closed_pack to trueup_books;
grant usage on schema ledger to trueup_reader;
grant select on ledger.closed_pack, ledger.closed_table, ledger.closed_figure, ledger.period_event, ledger.closed_month
    to trueup_reader;
"""


def upgrade() -> None:
    for statement in (PACKS, APPEND_ONLY, GRANTS):
        op.execute(statement)
