"""Months that close and reopen: who closed which, and the database's own refusal to post into a closed one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    import psycopg

_LOCK = "a_closed_month_takes_nothing"
_POSTED = ("memos", "journal")


@dataclass(frozen=True)
class Closed:
    """A month (YYYY-MM) that is closed, and which closing of it stands: 1 for the first."""

    period: str
    version: int
    closed_at: datetime
    closed_by: str


def closed(connection: psycopg.Connection) -> dict[str, Closed]:
    """Return the months that are closed now, oldest first."""
    rows = connection.execute("select period, version, closed_at, closed_by from ledger.closed_month order by period")
    return {row[0]: Closed(*row) for row in rows}


def closings(connection: psycopg.Connection, period: str) -> dict[int, datetime]:
    """Return when each version of a month was closed, reopened ones too."""
    rows = connection.execute(
        "select (ordinal + 1) / 2, made_at from ledger.period_event where period = %s and event = 'close'", (period,)
    )
    return {int(row[0]): row[1] for row in rows}


def reopenings(connection: psycopg.Connection) -> list[tuple[str, int]]:
    """Return every reopening ever (month, how many times by then): what is published changes with each."""
    rows = connection.execute(
        "select period, ordinal / 2 from ledger.period_event where event = 'reopen' order by 1, 2"
    )
    return [(str(row[0]), int(row[1])) for row in rows]


def append(connection: psycopg.Connection, period: str, event: str, why: str | None, made_by: str) -> None:
    """Write that a month is closed (`close`) or reopened (`reopen`). The caller holds the books and commits."""
    connection.execute(
        "insert into ledger.period_event (period, ordinal, event, why, made_by)"
        " select %(period)s, count(*) + 1, %(event)s, %(why)s, %(by)s"
        " from ledger.period_event where period = %(period)s",
        {"period": period, "event": event, "why": why, "by": made_by},
    )


def lock(connection: psycopg.Connection) -> None:
    """Make the tables that are posted to refuse the months that are closed now, whoever asks.

    A constraint that is not validated judges new rows only, at no cost; it needs the owner of the tables.
    """
    months = sql.SQL(", ").join(map(sql.Literal, closed(connection)))
    for table in _posted(connection):
        name = sql.Identifier("ledger", table)
        connection.execute(sql.SQL("alter table {} drop constraint if exists {}").format(name, sql.Identifier(_LOCK)))
        connection.execute(
            sql.SQL("alter table {} add constraint {} check (period <> all (array[{}]::text[])) not valid").format(
                name, sql.Identifier(_LOCK), months
            )
        )


def _posted(connection: psycopg.Connection) -> Iterable[str]:
    rows = connection.execute(
        "select relname from pg_class where relnamespace = 'ledger'::regnamespace and relname = any(%s)",
        (list(_POSTED),),
    )
    return [str(row[0]) for row in rows]
