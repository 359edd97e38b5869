"""What a closing keeps, on a real server: sealed, only ever added to, and known by its hash."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from psycopg import errors

from ledger.store import closed_figures, notes, periods
from ledger.store.closed_figures import Published

if TYPE_CHECKING:
    import psycopg

PERIOD = "2026-10"
TABLE = Published(
    "sample",
    (("name", "text"), ("amount_cents", "bigint"), ("issued_at", "timestamp with time zone"), ("evidence", "jsonb")),
    "select * from (values ('100 %', 9007199254740993, timestamptz '2026-10-01 02:00+02', '{\"a\": [1]}'::jsonb),"
    " ('b', null, null, null)) as r (name, amount_cents, issued_at, evidence) order by name",
)


@pytest.fixture
def closed(connection: psycopg.Connection) -> psycopg.Connection:
    """Return a connection to books with one table kept for a month that is closed."""
    connection.execute("set role trueup_books")
    closed_figures.freeze(connection, PERIOD, 1, TABLE)
    periods.append(connection, PERIOD, "close", None, "Ada")
    connection.execute("reset role")
    periods.lock(connection)
    connection.commit()
    return connection


def test_what_was_kept_reads_as_it_was(closed: psycopg.Connection) -> None:
    (kept,) = closed_figures.tables(closed, PERIOD, 1).values()
    assert (kept.columns, kept.row_count) == (TABLE.columns, 2)
    assert closed_figures.stands(closed, PERIOD, 1, kept)
    relation = closed_figures.relation(PERIOD, 1, kept)
    rows = closed.execute(
        f"select place, name, amount_cents, issued_at::text, evidence from {relation} as r order by 1"
    )
    assert rows.fetchall() == [
        (1, "100 %", 9007199254740993, "2026-10-01 00:00:00+00", {"a": [1]}),
        (2, "b", None, None, None),
    ]


def test_a_table_that_stays_has_its_hash_and_no_copy(closed: psycopg.Connection) -> None:
    closed_figures.freeze(closed, PERIOD, 1, TABLE._replace(name="stays", stays=True))
    kept = closed_figures.tables(closed, PERIOD, 1)
    assert kept["stays"][2:] == kept["sample"][2:]
    assert closed.execute("select count(*) from ledger.closed_figure where table_name = 'stays'").fetchone() == (0,)
    assert closed_figures.stands(closed, PERIOD, 1, kept["stays"], TABLE.rows)
    assert not closed_figures.stands(closed, PERIOD, 1, kept["stays"], TABLE.rows.replace("100 %", "101 %"))


CHANGES = [
    change.format(table)
    for table in ("ledger.closed_figure", "ledger.closed_table", "ledger.note", "ledger.period_event")
    for change in ("delete from {}", "truncate {} cascade")
] + [
    "update ledger.closed_figure set figure = '{}'",
    "update ledger.closed_table set sha256 = repeat('0', 64)",
    "update ledger.note set why = 'else' where false",
    "update ledger.period_event set event = 'reopen'",
]


@pytest.mark.parametrize("change", CHANGES)
def test_even_the_owner_changes_nothing_of_it(closed: psycopg.Connection, change: str) -> None:
    closed.execute("set session_replication_role = replica")
    with pytest.raises(errors.RestrictViolation):
        closed.execute(change)


@pytest.mark.parametrize("role", ["trueup_reader", "trueup_books"])
@pytest.mark.parametrize("change", CHANGES)
def test_no_role_may(closed: psycopg.Connection, role: str, change: str) -> None:
    closed.execute(f"set role {role}")
    with pytest.raises(errors.InsufficientPrivilege):
        closed.execute(change)


@pytest.mark.parametrize("role", ["none", "trueup_books"])
def test_a_sealed_table_takes_no_further_row(closed: psycopg.Connection, role: str) -> None:
    closed.execute(f"set role {role}")
    with pytest.raises(errors.RestrictViolation, match="sealed"):
        closed.execute(
            "insert into ledger.closed_figure values (%s, 1, 'sample', 3, '{}'), (%s, 9, 'other', 1, '{}')",
            (PERIOD, PERIOD),
        )


@pytest.mark.parametrize("role", ["none", "trueup_books"])
def test_the_database_posts_no_memo_to_a_closed_month_and_does_to_one_reopened(
    closed: psycopg.Connection, role: str
) -> None:
    memo = """
        insert into ledger.memos
            (memo_id, visit_token, ordinal, kind, amount_cents, reason, caused_by, origin_period, period, as_of)
        select ledger.memo_id(token, 1), token, 1, 'debit', 1, 'visit_state', 'a visit', %s, %s, '2026-11-01'
        from (select '00000000-0000-4000-8000-000000000001'::uuid as token) as visit
    """
    closed.execute(f"set role {role}")
    with pytest.raises(errors.CheckViolation, match="a_closed_month_takes_nothing"):
        closed.execute(memo, (PERIOD, PERIOD))
    closed.rollback()
    periods.append(closed, PERIOD, "reopen", "a file was missing", "Ada")
    periods.lock(closed)
    closed.execute(f"set role {role}")
    closed.execute(memo, (PERIOD, PERIOD))


def test_versions_count_closings_and_reopening_needs_a_reason(closed: psycopg.Connection) -> None:
    assert [(month.version, month.closed_by) for month in periods.closed(closed).values()] == [(1, "Ada")]
    with pytest.raises(errors.CheckViolation, match="reopening_has_a_reason"), closed.transaction():
        periods.append(closed, PERIOD, "reopen", " ", "Ada")
    periods.append(closed, PERIOD, "reopen", "late file", "Ben")
    assert (periods.closed(closed), periods.reopenings(closed)) == ({}, [(PERIOD, 1)])
    periods.append(closed, PERIOD, "close", None, "Ben")
    assert periods.closed(closed)[PERIOD].version == 2
    assert set(periods.closings(closed, PERIOD)) == {1, 2}


def test_the_newest_note_on_a_point_counts(closed: psycopg.Connection) -> None:
    closed.execute("set role trueup_books")
    notes.add(closed, [("eft_tieout", "T1", "5 cents"), ("eft_tieout", "T2", "6 cents")], "bank called", "Ada")
    notes.add(closed, [("eft_tieout", "T1", "7 cents")], "bank called again", "Ben")
    found = notes.newest(closed)
    assert found["eft_tieout", "T1"][2:5] == ("7 cents", "bank called again", "Ben")
    assert found["eft_tieout", "T2"].found == "6 cents"
