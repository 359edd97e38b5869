"""What a month's closing keeps: every published figure with its hash, and the notes that explain what was open."""

from alembic import op

revision = "0004"
down_revision = "0003"

# Closing counts as people count: the first closing is version 1, the closing after a reopening version 2.
CLOSED = """
create or replace view ledger.closed_month as
select period, (ordinal + 1) / 2 as version, made_at as closed_at, made_by as closed_by
from (
    select distinct on (period) * from ledger.period_event order by period, ordinal desc
) as newest
where event = 'close'
"""

# A figure is a row of a published table as it stood. columns holds [name, type] in order: what was published keeps its
# shape when the table gets another. revenue_feed, whose rows are only ever added to, has its hash and no figures.
FIGURES = """
create table ledger.closed_figure (
    period text not null,
    version integer not null,
    table_name text not null,
    place bigint not null,
    figure jsonb not null,
    primary key (period, version, table_name, place)
);
create table ledger.closed_table (
    period text not null check (period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
    version integer not null check (version >= 1),
    table_name text not null,
    columns jsonb not null,
    row_count bigint not null check (row_count >= 0),
    sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    made_at timestamptz not null default now(),
    primary key (period, version, table_name)
);
"""

# A note explains one open point of the checklist in the state it was found in: a point that changes needs another.
NOTES = """
create table ledger.note (
    note_id bigint generated always as identity primary key,
    check_name text not null check (check_name ~ '[^[:space:]]'),
    key text not null check (key ~ '[^[:space:]]'),
    finding text not null,
    why text not null check (why ~ '[^[:space:]]'),
    made_by text not null check (made_by ~ '[^[:space:]]'),
    made_at timestamptz not null default now()
);
"""

# ALWAYS: a session that replays as a replica does not get past it either.
APPEND_ONLY = """
create trigger {table}_is_only_added_to before update or delete or truncate on ledger.{table}
    for each statement execute function ledger.refuse_change();
alter table ledger.{table} enable always trigger {table}_is_only_added_to;
"""

# A table is sealed by its row in closed_table: after it, no figure is added.
SEALED = """
create function ledger.refuse_further_figures() returns trigger language plpgsql as $$
begin
    if exists (select from added join ledger.closed_table using (period, version, table_name)) then
        raise exception 'a figure of a closed month is refused: what was published is sealed'
            using errcode = 'restrict_violation';
    end if;
    return null;
end
$$;
create trigger closed_tables_are_sealed after insert on ledger.closed_figure
    referencing new table as added for each statement execute function ledger.refuse_further_figures();
alter table ledger.closed_figure enable always trigger closed_tables_are_sealed;
"""

# What stands for the months that are closed now.
STANDING = """
create view ledger.standing_table as
select period, version, table_name
from ledger.closed_table
join ledger.closed_month using (period, version);
create view ledger.standing_figure as
select period, version, table_name, place, figure
from ledger.closed_figure
join ledger.closed_month using (period, version);
grant select, insert on ledger.closed_figure, ledger.closed_table, ledger.note to trueup_books;
grant select on ledger.closed_month, ledger.standing_table, ledger.standing_figure to trueup_books;
"""


# The bridge reads what came late, which is little of the journal.
LATE = "create index journal_late on ledger.journal (origin_period) where is_late"


def upgrade() -> None:
    appended = [APPEND_ONLY.format(table=table) for table in ("closed_figure", "closed_table", "note")]
    for statement in (CLOSED, FIGURES, NOTES, *appended, SEALED, STANDING, LATE):
        op.execute(statement)
