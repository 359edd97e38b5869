"""Rows whose cause stands in the marts end and come back with it; what waits is told to the portal of all only."""

from __future__ import annotations

import contextlib
import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from psycopg import errors

from ledger.store import marts_worklist, remit_worklist, worklist
from ledger.store.database import connect
from ledger.store.remit_worklist import Remit
from ledger.store.worklist import Kind
from tests.dashboards import marts_tables
from tests.support.marts_points import held, unmatched

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from ledger.store.database import Database


@pytest.fixture(name="books", scope="module")
def _books(module_database: Database) -> Iterator[psycopg.Connection]:
    with contextlib.closing(connect(module_database, autocommit=True)) as connection:
        marts_tables.create(connection, {})
        yield connection


def waits(books: psycopg.Connection, remit: Remit) -> bool:
    """Tell whether it waits for a person."""
    row = books.execute("select count(*) from ledger.waiting_remits() where cause = %s", (remit.cause,)).fetchone()
    return row == (1,)


def taken_up(books: psycopg.Connection, kind: Kind, cause: str, practice: str | None = None) -> int:
    """Put a row on the worklist and return its number."""
    worklist.open_(books, kind, cause, "x", practice_id=practice)
    item = worklist.of_cause(books, kind, cause)
    assert item is not None
    return item.item_id


def settle(books: psycopg.Connection, remit: Remit, by: Remit | None = None) -> None:
    """Have somebody release a transaction, or let another take its place."""
    books.execute(
        "insert into raw.era_settlement (file_sha256, st_index, action, replaced_by_file_sha256, replaced_by_st_index,"
        " why, settled_by) values (%s, 0, %s, %s, %s, 'x', 'ada')",
        (remit.file_sha256, "replace" if by else "release", by and by.file_sha256, by and by.st_index),
    )


def match(books: psycopg.Connection, remit: Remit, *words: UUID | None) -> None:
    """Have somebody say, one word after the other, which visit a claim is about."""
    for word in words:
        books.execute(
            "insert into raw.era_match (file_sha256, st_index, claim_index, ordinal, visit_token, why, settled_by)"
            " select %(file)s, 0, 3, count(*) + 1, %(visit)s, 'x', 'ada' from raw.era_match"
            " where file_sha256 = %(file)s",
            {"file": remit.file_sha256, "visit": word},
        )


@pytest.mark.parametrize("remit", [Remit("0a" * 32, 0), Remit("f" * 64, 12, 0), Remit("f" * 64, 999_999_999, 7)])
def test_a_cause_is_read_back(remit: Remit) -> None:
    assert Remit.of(remit.cause) == remit
    assert str(remit) == remit.cause.replace(remit.file_sha256, remit.file_sha256[:12])
    assert (remit.kind is Kind.HELD_REMIT) is (remit.claim_index is None)


@pytest.mark.parametrize("cause", ["", "in_1", "0a" * 32, f"{'0a' * 32}#", f"{'0a' * 32}#1/", f"{'0a' * 32}#1/2/3"])
def test_the_cause_of_another_kind_is_no_remittance(cause: str) -> None:
    assert Remit.of(cause) is None


def test_what_was_settled_since_the_last_reconcile_does_not_wait(books: psycopg.Connection) -> None:
    one, conflict, other, posted = held(books), held(books, "conflict"), held(books), held(books, "posted")
    assert [waits(books, each) for each in (one, conflict, other, posted)] == [True, True, True, False]
    settle(books, one)
    settle(books, conflict, by=other)
    assert [waits(books, each) for each in (one, conflict, other)] == [False, False, False]
    claims = [unmatched(books) for _ in range(4)]
    match(books, claims[0], uuid4())
    match(books, claims[1], uuid4(), None)
    settle(books, claims[2], by=posted)
    settle(books, claims[3])
    assert [waits(books, each) for each in claims] == [False, True, False, True]


def test_rows_end_with_their_cause_and_come_back_with_it(books: psycopg.Connection) -> None:
    remit, claim, leak = held(books), unmatched(books), uuid4().hex
    books.execute("insert into marts.leaks (leak_id, category) values (%s, 'denied')", (leak,))
    there = [
        taken_up(books, Kind.HELD_REMIT, remit.cause),
        taken_up(books, Kind.UNMATCHED_REMIT, claim.cause),
        taken_up(books, Kind.LEAK, leak, "p1"),
    ]
    gone = [
        taken_up(books, Kind.HELD_REMIT, Remit("0" * 64, 0).cause),
        taken_up(books, Kind.UNMATCHED_REMIT, Remit("0" * 64, 0, 1).cause),
        taken_up(books, Kind.LEAK, uuid4().hex),
        taken_up(books, Kind.POS_MISMATCH, uuid4().hex, "p2"),
    ]
    others = taken_up(books, Kind.PAYMENT_FAILED, "in_1")
    worklist.assign(books, there[0], "ada", "ada")
    worklist.assign(books, gone[0], "ada", "ada")
    for _ in range(2):
        marts_worklist.follow(books)
    assert [worklist.get(books, each).state for each in (*there, others)] == ["assigned", "open", "open", "open"]
    for each in gone:
        assert worklist.get(books, each).state == "resolved"
        last = worklist.entries(books, each)[-1]
        assert (last.deed, last.said, last.made_by) == ("resolved", "its cause is gone", "trueup")
    books.execute("delete from marts.leaks where leak_id = %s", (leak,))
    marts_worklist.follow(books)
    worklist.note(books, there[2], "Was that right?", "ada")
    books.execute("insert into marts.leaks (leak_id, category) values (%s, 'denied')", (leak,))
    for _ in range(2):
        marts_worklist.follow(books)
    assert [(each.deed, each.said) for each in worklist.entries(books, there[2])] == [
        ("opened", "x"),
        ("resolved", "its cause is gone"),
        ("noted", "Was that right?"),
        ("opened", "its cause is back"),
    ]
    assert worklist.get(books, there[2]).state == "open"


def test_what_a_person_ended_stays_so_while_its_cause_lasts(books: psycopg.Connection) -> None:
    resolved = taken_up(books, Kind.HELD_REMIT, held(books).cause)
    worklist.resolve(books, resolved, "They send another", "ada")
    dismissed = taken_up(books, Kind.UNMATCHED_REMIT, unmatched(books).cause)
    worklist.dismiss(books, dismissed, "Not ours", "ada")
    marts_worklist.follow(books)
    assert [worklist.get(books, each).state for each in (resolved, dismissed)] == ["resolved", "resolved"]


def test_a_deed_ends_the_rows_it_is_about_and_no_other(books: psycopg.Connection) -> None:
    name = "ab" * 32
    own = taken_up(books, Kind.HELD_REMIT, Remit(name, 1).cause)
    claims = [taken_up(books, Kind.UNMATCHED_REMIT, Remit(name, 1, each).cause) for each in (0, 1)]
    beside = [
        taken_up(books, Kind.HELD_REMIT, Remit(name, 11).cause),
        taken_up(books, Kind.UNMATCHED_REMIT, Remit(name, 11, 0).cause),
    ]
    remit_worklist.end(books, Remit(name, 1), "released: it is right", "ada")
    assert [worklist.get(books, each).state for each in (own, *claims)] == ["resolved", "open", "open"]
    remit_worklist.end(books, Remit(name, 1, 1), "matched", "ada")
    remit_worklist.end_claims(books, Remit(name, 1), "replaced", "ada")
    assert [(worklist.get(books, each).state, worklist.get(books, each).said) for each in claims] == [
        ("resolved", "replaced"),
        ("resolved", "matched"),
    ]
    assert [worklist.get(books, each).state for each in beside] == ["open", "open"]
    remit_worklist.open_again(books, Remit(name, 1, 1), "matched to no visit: it was another", "ben")
    remit_worklist.open_again(books, Remit(name, 2, 1), "nobody took it up", "ben")
    assert worklist.get(books, claims[1]).state == "open"
    assert remit_worklist.row_of(books, Remit(name, 2, 1)) is None


@pytest.mark.parametrize(("setting", "sees"), [("yes", 1), ("", 0), ("no", 0), (None, 0)])
def test_only_a_transaction_for_all_sees_and_changes_what_is_nobodys(
    books: psycopg.Connection, module_database: Database, setting: str | None, sees: int
) -> None:
    remit = held(books)
    item = taken_up(books, Kind.HELD_REMIT, remit.cause)
    taken_up(books, Kind.LEAK, uuid4().hex, "p2")
    with contextlib.closing(connect(module_database)) as portal:
        portal.execute("set role trueup_portal")
        portal.execute("select set_config('app.practice_id', 'p1', true)")
        if setting is not None:
            portal.execute("select set_config('app.works_for_all', %s, true)", (setting,))
        counted = "select count(*) from {} where item_id = %s"
        for table in ("ledger.worklist", "ledger.worklist_entry"):
            assert portal.execute(counted.format(table).encode(), (item,)).fetchone() == (sees,)
        changed = portal.execute("update ledger.worklist set changed_at = now() where item_id = %s", (item,))
        assert changed.rowcount == sees
        told = "select count(*) from ledger.own_waiting_remits() where cause = %s"
        assert portal.execute(told.encode(), (remit.cause,)).fetchone() == (sees,)
        theirs = portal.execute("select count(*) from ledger.worklist where practice_id = 'p2'").fetchone()
        assert theirs == (0,)
        made = "insert into ledger.worklist (kind, cause, occasion, why) values ('held_remit', %s, 0, 'held')"
        if sees:
            portal.execute(made.encode(), (Remit("0" * 64, 5).cause,))
        else:
            with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
                portal.execute(made.encode(), (Remit("0" * 64, 5).cause,))
        portal.rollback()


def test_without_marts_nothing_is_told(connection: psycopg.Connection) -> None:
    assert connection.execute("select count(*) from ledger.waiting_remits()").fetchone() == (0,)
    connection.execute("set role trueup_portal")
    connection.execute("select set_config('app.works_for_all', 'yes', true)")
    assert connection.execute("select count(*) from ledger.own_waiting_remits()").fetchone() == (0,)


def test_a_claim_that_was_taken_up_as_a_leak_keeps_its_row(books: psycopg.Connection) -> None:
    moved = import_module("ledger.store.migrations.versions.0026_claims_by_their_name").MOVED
    claim, both, other = unmatched(books), unmatched(books), uuid4().hex
    leaks = [
        hashlib.md5(f"orphan_remit|{each.cause}".encode(), usedforsecurity=False).hexdigest() for each in (claim, both)
    ]
    (row, twice, stays) = [taken_up(books, Kind.LEAK, leak) for leak in (*leaks, other)]
    own = taken_up(books, Kind.UNMATCHED_REMIT, both.cause)
    for _ in range(2):
        books.execute(moved)
    found = [worklist.get(books, each) for each in (row, twice, own, stays)]
    assert [(each.kind, each.cause) for each in found] == [
        ("unmatched_remit", claim.cause),
        ("leak", leaks[1]),
        ("unmatched_remit", both.cause),
        ("leak", other),
    ]


def test_a_row_that_a_page_resolves_meanwhile_stops_no_deed(
    books: psycopg.Connection, module_database: Database
) -> None:
    remit = held(books)
    item_id = taken_up(books, Kind.HELD_REMIT, remit.cause)
    with contextlib.closing(connect(module_database)) as page, ThreadPoolExecutor(1) as pool:
        worklist.resolve(page, item_id, "asked the payer", "bo")
        deed = pool.submit(remit_worklist.end, books, remit, "released", "ada")
        while not page.execute("select 1 from pg_locks where not granted").fetchone() and not deed.done():
            time.sleep(0.01)
        page.commit()
        deed.result(60)
    assert [each.made_by for each in worklist.entries(books, item_id)] == ["trueup", "bo"]
