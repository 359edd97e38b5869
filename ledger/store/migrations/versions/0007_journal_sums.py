"""What every append added to each account and month, so that no sum of the journal reads all of its entries."""

from alembic import op

revision = "0007"
down_revision = "0006"

# A row is a part: what one statement added. Parts add up to the journal, since nothing is ever taken out of it.
SUMS = """
create table ledger.journal_sum (
    account ledger.account not null,
    period text not null,
    origin_period text not null,
    source_kind text not null,
    is_late boolean not null,
    -- Wider than the lines they are sums of, so that no entry is refused for what stands beside it.
    debit_cents numeric(38, 0) not null check (debit_cents >= 0),
    credit_cents numeric(38, 0) not null check (credit_cents >= 0),
    entries bigint not null,
    recorded_at timestamptz not null default now()
);
create trigger sums_are_only_added_to before update or delete or truncate on ledger.journal_sum
    for each statement execute function ledger.refuse_change();
alter table ledger.journal_sum enable always trigger sums_are_only_added_to;
"""

ADDED_UP = """
insert into ledger.journal_sum
    (account, period, origin_period, source_kind, is_late, debit_cents, credit_cents, entries, recorded_at)
select
    line.account,
    entry.period,
    entry.origin_period,
    entry.source_kind,
    entry.is_late,
    sum(greatest(line.cents, 0)),
    -sum(least(line.cents, 0)),
    sum(case when entry.reverses is null then 1 else -1 end),
    entry.recorded_at
from {entries} as entry
cross join lateral unnest(entry.accounts, entry.amounts) as line (account, cents)
group by line.account, entry.period, entry.origin_period, entry.source_kind, entry.is_late, entry.recorded_at
"""

# As the owner: who may add entries may not add sums of his own.
WITH_EVERY_APPEND = f"""
create function ledger.add_up() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
begin
    {ADDED_UP.format(entries="added")};
    return null;
end
$$;
create trigger entries_are_added_up after insert on ledger.journal
    referencing new table as added for each statement execute function ledger.add_up();
alter table ledger.journal enable always trigger entries_are_added_up;
"""


def upgrade() -> None:
    for statement in (SUMS, ADDED_UP.format(entries="ledger.journal"), WITH_EVERY_APPEND):
        op.execute(statement)
