"""Leaks on the worklist: one row a leak, whoever asks; how a row ends without anything done, and opens anew."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from ledger.store import leak_worklist, worklist
from ledger.store.database import connect
from ledger.store.leak_worklist import Leak
from ledger.store.worklist import Kind, NoSuchItem

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from ledger.store.database import Database


@pytest.fixture(name="books", scope="module")
def _books(module_database: Database) -> Iterator[psycopg.Connection]:
    with contextlib.closing(connect(module_database, autocommit=True)) as connection:
        yield connection


def leak(category: str = "denied") -> Leak:
    """Return a leak that nobody took up."""
    return Leak(uuid4().hex, category, uuid4(), "p1")


def deeds(books: psycopg.Connection, item_id: int) -> list[tuple[str, str | None, str]]:
    """Return what was done with a row: deed, words, who."""
    return [(each.deed, each.said, each.made_by) for each in worklist.entries(books, item_id)]


@pytest.mark.parametrize("category", ["denied", "pos_mismatch", "charge_failed", "orphan_charge"])
def test_a_leak_is_taken_up_once(books: psycopg.Connection, category: str) -> None:
    found = leak(category)
    assert leak_worklist.row_of(books, found) is None
    first, again = leak_worklist.taken_up(books, found), leak_worklist.taken_up(books, found)
    assert first == again == leak_worklist.row_of(books, found)
    assert (first.why, first.visit_token, first.state) == (category, found.visit_token, "open")
    assert deeds(books, first.item_id) == [("opened", category, "trueup")]


def test_a_failed_charge_that_waits_by_its_invoice_is_the_leaks_row(books: psycopg.Connection) -> None:
    found = leak("charge_failed")
    own = leak_worklist.taken_up(books, found)
    for invoice in ("in_1", "in_2"):
        worklist.open_(books, Kind.PAYMENT_FAILED, f"{invoice}{found.leak_id}", "x", visit_token=found.visit_token)
    waiting = worklist.of_cause(books, Kind.PAYMENT_FAILED, f"in_2{found.leak_id}")
    assert leak_worklist.row_of(books, found) == waiting
    assert waiting is not None
    worklist.resolve(books, waiting.item_id, "paid", "ada")
    first = worklist.of_cause(books, Kind.PAYMENT_FAILED, f"in_1{found.leak_id}")
    assert first is not None
    assert leak_worklist.row_of(books, found) == first
    worklist.resolve(books, first.item_id, "paid", "ada")
    assert leak_worklist.row_of(books, found) == own
    other = Leak(uuid4().hex, "denied", found.visit_token, "p1")
    assert leak_worklist.row_of(books, other) is None


def test_what_is_dismissed_says_why_and_can_be_opened_anew(books: psycopg.Connection) -> None:
    item_id = leak_worklist.taken_up(books, leak()).item_id
    worklist.assign(books, item_id, "ada", "grace")
    dismissed = worklist.dismiss(books, item_id, "capitated", "ada")
    assert (dismissed.state, dismissed.is_dismissed, dismissed.assignee) == ("resolved", True, None)
    for deed in (worklist.dismiss, worklist.resolve, worklist.assign):
        with pytest.raises(NoSuchItem):
            deed(books, item_id, "again", "ada")
    opened = worklist.reopen(books, item_id, "it is owed after all", "grace")
    assert (opened.state, opened.is_dismissed) == ("open", False)
    assert worklist.reopen(books, item_id, "twice", "grace") == opened
    resolved = worklist.resolve(books, item_id, "paid", "ada")
    assert (resolved.state, resolved.is_dismissed) == ("resolved", False)
    assert deeds(books, item_id)[1:] == [
        ("assigned", "to ada", "grace"),
        ("dismissed", "capitated", "ada"),
        ("opened", "it is owed after all", "grace"),
        ("resolved", "paid", "ada"),
    ]


def test_a_cause_that_comes_once_more_opens_what_was_dismissed(books: psycopg.Connection) -> None:
    cause = uuid4().hex
    worklist.open_(books, Kind.PAYMENT_FAILED, cause, "declined", occasion=1)
    known = worklist.of_cause(books, Kind.PAYMENT_FAILED, cause)
    assert known is not None
    worklist.dismiss(books, known.item_id, "small", "ada")
    assert worklist.open_(books, Kind.PAYMENT_FAILED, cause, "declined", occasion=2)
    again = worklist.get(books, known.item_id)
    assert (again.state, again.is_dismissed) == ("open", False)
