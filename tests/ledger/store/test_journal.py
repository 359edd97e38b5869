"""The journal on a real server: an entry sums to zero, stands for good, and carries the chart of accounts."""

from __future__ import annotations

import hashlib
import importlib.util
import uuid
from typing import TYPE_CHECKING

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from psycopg import errors
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from ledger.rules.codes_file import rows_of
from ledger.store import schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from ledger.store.database import Database

INSERT = """
insert into ledger.journal
    (source_kind, source_id, version, reverses, origin_period, period, is_late, effective_on, as_of, accounts, amounts)
values (%(kind)s, 'd1', %(version)s, %(reverses)s, %(origin)s, '2026-10', false, '2026-10-01', '2026-11-01',
        %(accounts)s::ledger.account[], %(amounts)s::bigint[])
"""
PLAIN = {
    "kind": "deposit",
    "version": 1,
    "reverses": None,
    "origin": "2026-10",
    "accounts": "{bank,eft_clearing}",
    "amounts": "{100,-100}",
}


def enter(connection: psycopg.Connection, **changed: object) -> None:
    connection.execute(INSERT, PLAIN | changed)


@pytest.fixture
def books(connection: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """Yield a connection that acts as trueup_books, with one entry in the journal."""
    connection.execute("set role trueup_books")
    enter(connection)
    connection.commit()
    yield connection
    connection.rollback()


CHANGES = (
    "update ledger.journal set amounts = '{1,-1}'",
    "update ledger.journal set period = '2026-11' where false",
    "delete from ledger.journal",
    "truncate ledger.journal",
)


@pytest.mark.parametrize("change", CHANGES)
def test_even_the_owner_cannot_change_an_entry(books: psycopg.Connection, change: str) -> None:
    books.execute("reset role")
    with pytest.raises(errors.RestrictViolation, match=r"ledger\.journal is refused: its rows are only ever added to"):
        books.execute(change)


@pytest.mark.parametrize("change", CHANGES)
def test_the_books_role_has_no_right_to_change_an_entry(books: psycopg.Connection, change: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        books.execute(change)


@pytest.mark.parametrize("change", CHANGES)
def test_a_replica_session_cannot_change_an_entry_either(books: psycopg.Connection, change: str) -> None:
    books.execute("reset role")
    books.execute("set session_replication_role = replica")
    with pytest.raises(errors.RestrictViolation):
        books.execute(change)


def test_the_reader_sees_no_entry_but_through_the_marts(books: psycopg.Connection) -> None:
    books.execute("reset role")
    books.execute("set role trueup_reader")
    with pytest.raises(errors.InsufficientPrivilege):
        books.execute("select * from ledger.journal")


@pytest.mark.parametrize(
    ("accounts", "amounts"),
    [
        ("{bank,eft_clearing}", "{100,-99}"),
        ("{bank,eft_clearing,disputes}", "{100,-60,-39}"),
        ("{bank,eft_clearing}", "{100,-60,-40}"),
        ("{bank,eft_clearing,disputes}", "{100,-100}"),
        ("{bank}", "{0}"),
        ("{}", "{}"),
        ("{bank,null}", "{100,-100}"),
        ("{bank,eft_clearing}", "{100,null}"),
        ("{bank,eft_clearing,disputes}", "{100,-100,null}"),
        ("[0:1]={bank,eft_clearing}", "[0:1]={100,-100}"),
        ("{{bank,eft_clearing}}", "{{100,-100}}"),
        ("{bank,eft_clearing,disputes}", "{9223372036854775807,1,-9223372036854775807}"),
    ],
)
def test_an_entry_that_does_not_sum_to_zero_is_refused(books: psycopg.Connection, accounts: str, amounts: str) -> None:
    with pytest.raises(errors.CheckViolation, match="entry_sums_to_zero"):
        enter(books, version=2, accounts=accounts, amounts=amounts)


@pytest.mark.parametrize("lines", [{"accounts": None}, {"amounts": None}])
def test_an_entry_without_lines_is_refused(books: psycopg.Connection, lines: dict[str, object]) -> None:
    with pytest.raises(errors.NotNullViolation):
        enter(books, version=2, **lines)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "gift"},
        {"version": 0},
        {"origin": "2026-13"},
        {"reverses": 2},
        {"reverses": 0},
        {"version": 3, "reverses": 1},
    ],
)
def test_an_entry_that_makes_no_sense_is_refused(books: psycopg.Connection, wrong: dict[str, object]) -> None:
    with pytest.raises(errors.CheckViolation):
        enter(books, **({"version": 2} | wrong))


def test_a_version_of_a_fact_stands_once(books: psycopg.Connection) -> None:
    with pytest.raises(errors.UniqueViolation):
        enter(books)


def test_an_account_that_is_not_in_the_chart_is_refused(books: psycopg.Connection) -> None:
    with pytest.raises(errors.InvalidTextRepresentation):
        enter(books, version=2, accounts="{bank,petty_cash}")


def test_amounts_up_to_the_last_cent_of_a_bigint_are_added_without_overflow(books: psycopg.Connection) -> None:
    most = 2**63 - 1
    enter(books, version=2, accounts="{bank,bank,disputes,disputes}", amounts=f"{{{most},{most},-{most},-{most}}}")


SUMS = """
select account::text, period, sum(debit_cents)::bigint, sum(credit_cents)::bigint, sum(entries)::bigint
from ledger.journal_sum group by account, period order by account, period
"""


def test_every_append_adds_its_sums_whoever_appends(books: psycopg.Connection) -> None:
    enter(books, version=2, reverses=1, amounts="{-100,100}")
    books.execute("reset role")
    books.execute("set session_replication_role = replica")
    enter(books, version=3, accounts="{bank,bank,disputes}", amounts="{30,40,-70}")
    assert books.execute(SUMS).fetchall() == [
        ("bank", "2026-10", 170, 100, 2),
        ("disputes", "2026-10", 0, 70, 1),
        ("eft_clearing", "2026-10", 100, 100, 0),
    ]
    with pytest.raises(errors.RestrictViolation):
        books.execute("update ledger.journal_sum set entries = 0")


def test_an_append_that_is_taken_back_adds_no_sum(books: psycopg.Connection) -> None:
    books.execute("reset role")
    before = books.execute(SUMS).fetchall()
    books.commit()
    enter(books, version=2)
    books.rollback()
    assert books.execute(SUMS).fetchall() == before


def test_who_may_add_entries_may_add_no_sum(books: psycopg.Connection) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        books.execute(
            "insert into ledger.journal_sum"
            " values ('bank', '2026-10', '2026-10', 'deposit', false, 100, 0, 1, '2026-10-01')"
        )


def test_a_journal_from_before_its_sums_is_added_up_once(database: Database, books: psycopg.Connection) -> None:
    books.execute("reset role")
    sums = books.execute(SUMS).fetchall()
    books.execute("drop trigger entries_are_added_up on ledger.journal")
    books.execute("drop function ledger.add_up")
    books.execute("drop table ledger.journal_sum")
    books.commit()
    upgrade_alone(database, "0007_journal_sums")
    assert sums
    assert books.execute(SUMS).fetchall() == sums


def upgrade_alone(database: Database, revision: str) -> None:
    """Run one revision and none of those after it, which are in the database already."""
    spec = importlib.util.spec_from_file_location(revision, schema.LEDGER.migrations / "versions" / f"{revision}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    engine = create_engine(database.sqlalchemy("psycopg"), poolclass=NullPool)
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        module.upgrade()


def test_an_entry_is_named_by_what_it_is_the_entry_of(books: psycopg.Connection) -> None:
    (entry_id,) = books.execute("select entry_id from ledger.journal").fetchone() or (None,)
    assert entry_id == uuid.UUID(hashlib.md5(b"deposit|d1|1", usedforsecurity=False).hexdigest())


def test_the_accounts_are_those_of_the_chart_in_its_order(connection: psycopg.Connection) -> None:
    rows = connection.execute("select unnest(enum_range(null::ledger.account))::text").fetchall()
    assert [account for (account,) in rows] == [row["account"] for row in rows_of("account")]
