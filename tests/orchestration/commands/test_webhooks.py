"""`trueup webhooks` as a person types it: dead letters seen, replayed, and old payloads dropped."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

import pytest

from ledger.rules.stripe_events import read
from ledger.store import inbox
from ledger.store.database import Database, connect
from orchestration import cli
from tests.support.webhooks import charge, event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import psycopg

    Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(name="run")
def _run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, database: Database
) -> Run:
    monkeypatch.setenv("TRUEUP_HOME", str(tmp_path))
    monkeypatch.setenv("TRUEUP_DATABASE_URL", database.url)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.run(["webhooks", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture(name="books")
def _books(database: Database) -> Iterator[psycopg.Connection]:
    """Yield a connection to books with one event taken in, one refused and one that failed."""
    with contextlib.closing(connect(database, autocommit=True)) as connection:
        inbox.receive(connection, "payments", read(event(1, charge(1))))
        inbox.receive(connection, "payments", read(event(2, charge(2, currency="eur"))))
        inbox.bury(connection, "connect", read(event(3, charge(3))), "DeadlockDetected")
        yield connection


def test_dead_letters_are_listed_and_only_mended_ones_replayed(run: Run, books: psycopg.Connection) -> None:
    code, said, _ = run("list")
    assert code == 1
    assert "evt_00000002" in said
    assert "charge.currency is not usd" in said
    assert "1 event taken in, 1 of them since the last reconcile; 2 dead letters." in said

    code, said, errors = run("replay", "--json")
    assert code == 1
    assert json.loads(said) == {
        "replayed": ["evt_00000003"],
        "failed": [
            {
                "endpoint": "payments",
                "event_id": "evt_00000002",
                "reason": "charge.currency is not usd; the books are in US dollars only.",
            }
        ],
    }
    assert "evt_00000002 of payments" in errors
    known = books.execute("select endpoint, event_id from ledger.inbox order by event_id").fetchall()
    assert known == [("payments", "evt_00000001"), ("connect", "evt_00000003")]


def test_a_letter_that_fails_again_says_why_and_keeps_no_other_out(run: Run, books: psycopg.Connection) -> None:
    inbox.bury(books, "payments", read(event(4, charge(4))), "DeadlockDetected")
    books.execute("alter table ledger.stripe_object add constraint broken check (object_id <> 'ch_00000003')")
    code, said, errors = run("replay", "evt_00000003", "evt_00000004")
    assert (code, said) == (1, "1 event replayed, 1 event still waiting.\n")
    assert "CheckViolation (broken)" in errors
    attempts = {letter.event_id: letter.attempts for letter in inbox.dead_letters(books)}
    assert attempts == {"evt_00000002": 1, "evt_00000003": 2}


def test_when_all_is_replayed_nothing_waits(run: Run, books: psycopg.Connection) -> None:
    books.execute("delete from ledger.inbox_failure where event_id = 'evt_00000002'")
    assert run("replay")[0] == 0
    code, said, _ = run("list", "--all", "--json")
    assert code == 0
    found = json.loads(said)
    assert (found["events"], found["waiting"], found["pruned"]) == (2, 2, 0)
    assert [letter["resolved_at"] is not None for letter in found["dead_letters"]] == [True]
    assert run("replay")[:2] == (0, "0 events replayed, 0 events still waiting.\n")


def test_an_event_that_is_no_dead_letter_is_misuse(run: Run, books: psycopg.Connection) -> None:
    code, _, errors = run("replay", "evt_00000001")
    assert code == 2
    assert "evt_00000001" in errors
    assert len(inbox.dead_letters(books)) == 2


def test_payloads_are_kept_for_45_days_at_least(run: Run, books: psycopg.Connection) -> None:
    assert run("prune", "--days", "44")[0] == 2
    assert run("prune")[:2] == (0, "0 payloads dropped.\n")
    row = books.execute("select count(*) from ledger.inbox where payload is not null").fetchone()
    assert row == (1,)
