"""What webhooks bring reaches the books: a credit note posts its memo, and the same again moves nothing."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from typing import TYPE_CHECKING, Any

from ledger.rules.stripe_events import read
from ledger.store import inbox
from ledger.store.database import connect
from tests.support.command_line import environment, trueup, visits
from tests.support.webhooks import event

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.store.database import Database

VISIT = "00000000-0000-4000-8000-000000000001"
INVOICE: dict[str, Any] = {
    "id": "in_1",
    "object": "invoice",
    "currency": "usd",
    "metadata": {"visit_token": VISIT},
    "status": "open",
    "total": 20_000,
}


def test_a_credit_note_s_webhook_posts_its_memo_and_the_same_again_moves_nothing(
    tmp_path: Path, database: Database
) -> None:
    env = environment(tmp_path / "home", database.url)
    (tmp_path / "visits.csv").write_text(visits(1, 1))
    assert trueup("load", "visits", tmp_path / "visits.csv", env=env).returncode == 0
    _come(database, event(1, INVOICE, type="invoice.finalized"))
    assert _reconciled(env)["memos"] == 1
    (memo,) = _memos(env)
    assert (memo["kind"], memo["amount_cents"], memo["posting_status"]) == ("credit", "5000", "pending")

    tags = {"visit_token": VISIT, "memo_id": memo["memo_id"]}
    note = {"id": "cn_1", "object": "credit_note", "amount": 5_000, "currency": "usd", "invoice": "in_1"}
    _come(database, event(2, {**note, "metadata": tags, "status": "issued"}, type="credit_note.created"))
    assert _reconciled(env)["memos"] == 0
    assert [row["posting_status"] for row in _memos(env)] == ["posted"]

    _come(database, event(2, {**note, "metadata": tags, "status": "issued"}, type="credit_note.created"))
    _come(database, event(1, INVOICE, type="invoice.finalized"))
    assert _reconciled(env)["nothing_new"] is True
    assert len(_memos(env)) == 1


def _come(database: Database, body: bytes) -> None:
    with contextlib.closing(connect(database)) as connection:
        inbox.receive(connection, "payments", read(body))
        connection.commit()


def _reconciled(env: dict[str, str]) -> dict[str, Any]:
    finished = trueup("reconcile", "--as-of", "2026-11-01", "--json", env=env)
    assert finished.returncode == 0, finished.stderr
    outcome: dict[str, Any] = json.loads(finished.stdout)
    return outcome


def _memos(env: dict[str, str]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(trueup("export", "memos", env=env).stdout)))
