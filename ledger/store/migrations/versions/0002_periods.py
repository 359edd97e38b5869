"""Months that close and reopen, as events that are only ever added to."""

from alembic import op

revision = "0002"
down_revision = "0001"

EVENTS = """
create table ledger.period_event (
    period text not null check (period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
    ordinal integer not null check (ordinal >= 1),
    event text not null check (event in ('close', 'reopen')),
    why text,
    made_by text not null check (made_by ~ '[^[:space:]]'),
    made_at timestamptz not null default now(),
    primary key (period, ordinal),
    -- A month is closed first, then reopened, then closed again: odd ordinals close, even ones reopen.
    check ((event = 'close') = (ordinal % 2 = 1)),
    constraint reopening_has_a_reason check (event = 'close' or coalesce(why, '') ~ '[^[:space:]]')
);
create trigger period_events_are_only_added_to before update or delete or truncate on ledger.period_event
    for each statement execute function ledger.refuse_change();
alter table ledger.period_event enable always trigger period_events_are_only_added_to;
"""

# The months that are closed now, with the ordinal of the closing event: the version of what was published.
CLOSED = """
create view ledger.closed_month as
select period, ordinal as version, made_at as closed_at, made_by as closed_by
from (
    select distinct on (period) * from ledger.period_event order by period, ordinal desc
) as newest
where event = 'close';
grant select, insert on ledger.period_event to trueup_books;
grant select on ledger.closed_month to trueup_books;
"""


def upgrade() -> None:
    for statement in (EVENTS, CLOSED):
        op.execute(statement)
