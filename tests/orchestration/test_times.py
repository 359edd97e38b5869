"""The dashboards at other times: as known at the end of a day and as closed, in the roles of the pages."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import psycopg
import pytest

from dashboards.desk import THIS_MACHINE, Reader
from dashboards.reading import restricted
from ledger.store import closed_figures, periods
from ledger.store.database import connect
from orchestration import as_known, dbt_project, published
from orchestration.desk.times import Times
from tests.dashboards import marts_tables, sample_books

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.store.database import Database

TODAY = datetime(2026, 11, 21, 12, tzinfo=UTC)
CLOSED_ON = date(2026, 11, 5)
TIMES = Times("UTC", lambda: TODAY)
OF_ONE = Reader("B", frozenset({"billing"}), "practice-1")
BEFORE, LATER = "2026-08", "2026-07"
"""Months that were closed a day before the sample's, and an hour after it."""
KEPT = ("month_summary", "leaks", "revenue_waterfall")


def _one_figure(period: str) -> closed_figures.Published:
    """Return what a closing of an older version kept: without the column `count`."""
    columns = {"period": "text", "measure": "text", "amount_cents": "bigint"}
    rows = f"select '{period}' as period, 'gross_revenue' as measure, 7::bigint as amount_cents"
    return closed_figures.Published("month_summary", tuple(columns.items()), rows)


@pytest.fixture(scope="module")
def books(module_database: Database) -> Database:
    """Return a database whose sample month was closed on CLOSED_ON and moved on since."""
    with contextlib.closing(connect(module_database, autocommit=True)) as connection:
        marts_tables.create(connection, sample_books.books())
        marts_tables.create_codes(connection)
    with contextlib.closing(connect(module_database)) as connection:
        found = published.of_month(connection, sample_books.MONTH)
        for name in KEPT:
            closed_figures.freeze(connection, sample_books.MONTH, 1, published.to_keep(found[name]))
        periods.append(connection, sample_books.MONTH, "close", None, "Ada")
        for period in (BEFORE, LATER):
            closed_figures.freeze(connection, period, 1, _one_figure(period))
            periods.append(connection, period, "close", None, "Ada")
        connection.execute("alter table ledger.period_event disable trigger user")
        connection.execute(
            "update ledger.period_event set made_at = case period when %s then %s::timestamptz else %s end",
            (LATER, f"{CLOSED_ON} 10:00+00", f"{CLOSED_ON} 09:00+00"),
        )
        connection.execute(
            "update ledger.period_event set made_at = made_at - interval '1 day' where period = %s", (BEFORE,)
        )
        connection.execute("alter table ledger.period_event enable always trigger period_events_are_only_added_to")
        connection.execute("update marts.month_summary set amount_cents = amount_cents + 1")
        connection.execute("delete from marts.leaks")
        connection.commit()
    return module_database


@pytest.fixture
def connection(books: Database) -> Iterator[psycopg.Connection]:
    """Yield a connection whose views are gone after."""
    with contextlib.closing(connect(books)) as opened:
        yield opened


def test_a_closing_is_read_in_the_pages_own_role(connection: psycopg.Connection) -> None:
    told = TIMES.as_closed(connection, THIS_MACHINE, sample_books.MONTH, 1)
    with restricted(connection):
        kept = connection.execute(
            f"select sum(amount_cents) from {told['month_summary']} where period = %s", (sample_books.MONTH,)
        ).fetchone()
        now = connection.execute(
            "select sum(amount_cents), count(*) from marts.month_summary where period = %s", (sample_books.MONTH,)
        ).fetchone()
        with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
            connection.execute("select from ledger.journal")
    assert kept
    assert now
    assert kept[0] == now[0] - now[1]


def test_who_sees_one_practice_sees_its_rows_of_a_closing_and_no_table_without(connection: psycopg.Connection) -> None:
    told = TIMES.as_closed(connection, OF_ONE, sample_books.MONTH, 1)
    assert set(told) == {"leaks"}
    with restricted(connection, OF_ONE.practice_id):
        found = connection.execute(f"select distinct practice_id from {told['leaks']}").fetchall()
    assert found == [("practice-1",)]


def test_beside_a_closing_stand_the_months_that_were_closed_before_it_as_their_own_closings_kept_them(
    connection: psycopg.Connection,
) -> None:
    told = TIMES.as_closed(connection, THIS_MACHINE, sample_books.MONTH, 1)
    with restricted(connection):
        found = connection.execute(
            f"select period, measure, amount_cents, count from {told['month_summary']} where period <> %s",
            (sample_books.MONTH,),
        ).fetchall()
    assert found == [(BEFORE, "gross_revenue", 7, None)]


def test_a_view_of_another_time_is_gone_with_its_page(books: Database, connection: psycopg.Connection) -> None:
    told = TIMES.as_closed(connection, THIS_MACHINE, sample_books.MONTH, 1)
    connection.rollback()
    with pytest.raises(psycopg.errors.UndefinedTable):
        connection.execute(f"select from {told['leaks']}")
    with contextlib.closing(connect(books)) as other:
        left = other.execute("select count(*) from pg_class where relname like 'told%'").fetchone()
    assert left == (0,)


def test_a_month_that_was_closed_on_the_day_is_known_by_its_closing(connection: psycopg.Connection) -> None:
    before = TIMES.tables_known(connection, date(2026, 11, 4), sample_books.MONTH)
    assert set(before) == set(as_known.QUERIES)
    after = TIMES.tables_known(connection, CLOSED_ON, sample_books.MONTH)
    assert set(after) == {*as_known.QUERIES, "revenue_waterfall"}
    assert TIMES.closings(connection, sample_books.MONTH) == {1: CLOSED_ON}


def test_a_day_to_come_and_a_closing_that_never_was_are_refused(connection: psycopg.Connection) -> None:
    with pytest.raises(ValueError, match="2026-11-22 is still to come"):
        TIMES.as_known(connection, THIS_MACHINE, date(2026, 11, 22), None)
    with pytest.raises(LookupError, match="no version 2"):
        TIMES.as_closed(connection, THIS_MACHINE, sample_books.MONTH, 2)


def test_what_stays_with_a_closing_is_what_the_models_leave_as_closed() -> None:
    marts = (dbt_project.directory() / "models" / "marts").rglob("*.sql")
    staying = {path.stem for path in marts if re.search(r"\{\{ closed_months_stay\(", path.read_text())}
    assert staying == published.STAYING
