"""`trueup send` as a user runs it: a memo leaves once, is posted when Stripe says so, and nothing moves again."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from ledger.rules.requests import ChargeVisit
from ledger.store import outbox
from ledger.store.database import connect
from tests.support.command_line import environment, trueup, visits
from tests.support.sending import Shop, shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ledger.store.database import Database

VISITS = [UUID(int=number, version=4) for number in (1, 2)]


@pytest.fixture
def opened(database: Database) -> Iterator[Shop]:
    with shop(database) as made:
        yield made


def load(home: Path, name: str, objects: list[dict[str, Any]], env: dict[str, str]) -> None:
    (home / name).write_text("".join(json.dumps(each | {"currency": "usd"}) + "\n" for each in objects))
    assert trueup("load", "stripe", home / name, env=env).returncode == 0


def sent(env: dict[str, str], *words: str, code: int = 0) -> dict[str, Any]:
    finished = trueup("send", *words, "--json", env=env)
    assert finished.returncode == code, finished.stderr
    document: dict[str, Any] = json.loads(finished.stdout)
    return document


def statuses(env: dict[str, str]) -> list[str]:
    table = json.loads(trueup("export", "memos", "--format", "json", env=env).stdout)
    return [row["posting_status"] for row in table]


@pytest.mark.timeout(600)
def test_a_memo_leaves_once_and_is_posted_when_stripe_says_so(opened: Shop, database: Database, tmp_path: Path) -> None:
    key = {"TRUEUP_STRIPE_KEY": "sk_test_x", "TRUEUP_STRIPE_URL": opened.recorder.url}
    env = environment(tmp_path, database.url, **key)
    for visit, cents in zip(VISITS, (20_000, 15_000), strict=True):
        assert opened.put(ChargeVisit(visit, opened.customer, cents))
    assert sorted(each.outcome.state for each in opened.deliver()) == ["done", "done"]
    (tmp_path / "visits.csv").write_text(visits(1, 2))
    assert trueup("load", "visits", tmp_path / "visits.csv", env=env).returncode == 0
    load(tmp_path, "invoices.jsonl", opened.stripe.of("invoice"), env)
    assert trueup("reconcile", "--as-of", "2026-10-01", env=env).returncode == 0
    calls = len(opened.recorder.received)

    shown = sent(env, "--dry-run")
    assert shown["queued"] == {"credit_memo": {"count": 1, "amount_cents": 5000}}
    assert [row["operation"] for row in shown["due"]] == ["credit_invoice"]
    assert opened.recorder.received[calls:] == []

    done = sent(env)
    assert [(each["operation"], each["state"]) for each in done["delivered"]] == [("credit_invoice", "done")]
    (note,) = opened.stripe.of("credit_note")
    assert (note["amount"], note["credit_amount"], note["metadata"]["visit_token"]) == (5000, 5000, str(VISITS[0]))
    calls = len(opened.recorder.received)
    again = sent(env)
    assert (again["queued"], again["delivered"]) == ({}, [])
    assert opened.recorder.received[calls:] == []
    assert statuses(env) == ["pending"]

    load(tmp_path, "notes.jsonl", [note | {"total": note["amount"]}], env)
    assert trueup("reconcile", "--as-of", "2026-10-01", env=env).returncode == 0
    assert statuses(env) == ["posted"]
    assert sent(env)["queued"] == {}
    assert len(opened.stripe.of("credit_note")) == 1


def test_what_is_declined_ends_with_1_and_stands_on_the_worklist(
    opened: Shop, database: Database, tmp_path: Path
) -> None:
    opened.stripe.declines[opened.customer] = "expired_card"
    with contextlib.closing(connect(database)) as connection:
        outbox.put(connection, ChargeVisit(VISITS[0], opened.customer, 4200), "P1")
        connection.commit()
    key = {"TRUEUP_STRIPE_KEY": "sk_test_x", "TRUEUP_STRIPE_URL": opened.recorder.url}
    env = environment(tmp_path, database.url, **key)
    finished = trueup("send", env=env)
    assert finished.returncode == 1
    assert "expired_card new_card" in " ".join(finished.stdout.split())
    assert "There are no books yet" in finished.stderr
    (row,) = sent(env)["worklist"]
    assert (row["business_key"], row["state"]) == (f"charge:{VISITS[0]}", "declined")


def test_nothing_is_sent_without_a_key_or_with_one_that_stripe_refuses(
    opened: Shop, database: Database, tmp_path: Path
) -> None:
    env = environment(tmp_path, database.url)
    without = trueup("send", env=env)
    assert without.returncode == 3
    assert "TRUEUP_STRIPE_KEY" in without.stderr
    live = trueup("send", env=env | {"TRUEUP_STRIPE_KEY": "sk_live_x"})
    assert live.returncode == 2
    assert "sk_live_x" not in live.stderr
    opened.put(ChargeVisit(VISITS[0], opened.customer, 4200))
    opened.stripe.failing = [401]
    refused = trueup("send", env=env | {"TRUEUP_STRIPE_KEY": "sk_test_x", "TRUEUP_STRIPE_URL": opened.recorder.url})
    assert refused.returncode == 3
    assert "refuses TRUEUP_STRIPE_KEY" in refused.stderr
