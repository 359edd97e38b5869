"""`trueup backfill` and `trueup plan` as a user runs them: what they refuse, what they do, what they leave alone."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import dagster as dg
import pytest

from orchestration import cli, jobs
from tests.support.command_line import environment, trueup, visits

if TYPE_CHECKING:
    from ledger.store.database import Database

Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def env(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Load six visits of the first of September 2026: billed too much, level, a draft, a void one, not billed, used."""
    home: Path = tmp_path_factory.mktemp("home")
    env = environment(home, module_database.url)
    (home / "visits.csv").write_text(visits(1, 6))
    invoices = [(1, "paid", 20000), (2, "open", 15000), (3, "draft", 15000), (4, "void", 15000)]
    written = [*(_invoice(*invoice) for invoice in invoices), _usage(6)]
    (home / "stripe.jsonl").write_text("".join(written))
    assert trueup("load", "visits", home / "visits.csv", env=env).returncode == 0
    assert trueup("load", "stripe", home / "stripe.jsonl", env=env).returncode == 0
    return env


def _invoice(visit: int, status: str, total: int) -> str:
    """Write an invoice of a visit as an event of the evening of the visit."""
    invoice = {
        "id": f"in_{visit}",
        "object": "invoice",
        "created": 1788285600,
        "status": status,
        "total": total,
        "currency": "usd",
        "metadata": {"visit_token": str(UUID(int=visit, version=4))},
    }
    return _event(invoice)


def _usage(visit: int) -> str:
    """Write a subscription's invoice with a metered line that names a visit."""
    line = {
        "id": "il_1",
        "amount": 15000,
        "quantity": 1,
        "metadata": {"visit_token": str(UUID(int=visit, version=4))},
        "price": {"id": "price_1", "recurring": {"usage_type": "metered"}},
    }
    return _event(
        {
            "id": "in_usage",
            "object": "invoice",
            "created": 1788285600,
            "status": "paid",
            "total": 15000,
            "currency": "usd",
            "customer": "cus_1",
            "subscription": "sub_1",
            "lines": {"data": [line]},
        }
    )


def _event(held: dict[str, object]) -> str:
    event = {"id": f"evt_{held['id']}", "object": "event", "created": 1788285600, "data": {"object": held}}
    return json.dumps(event) + "\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--from", "2026-09-30", "--to", "2026-09-01"], "turn them round"),
        (["--from", "2026-09-01", "--to", "2999-01-01"], "lies in the future"),
        (["--from", "2014-09-01", "--to", "2026-09-01"], "before 2015-01-01"),
        (["--from", "September", "--to", "2026-09-01"], "does not match"),
        (["--from", "2026-09-01"], "--to"),
        (["--from", "2026-09-01", "--to", "2026-09-01", "--only", "bank"], "'visits', 'stripe', 'era'"),
    ],
)
def test_a_range_that_cannot_be_ends_with_2(
    words: list[str], said: str, env: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    for name in ("TRUEUP_HOME", "TRUEUP_DATABASE_URL"):
        monkeypatch.setenv(name, env[name])
    assert cli.run(["backfill", *words]) == 2
    heard = capsys.readouterr()
    assert said in heard.err
    assert heard.out == ""


def test_there_is_no_plan_before_there_are_books(env: dict[str, str]) -> None:
    refused = trueup("plan", env=env)
    assert refused.returncode == 3
    assert "trueup reconcile" in refused.stderr


@pytest.mark.timeout(600)
def test_a_range_is_made_anew_and_reconciled_and_the_same_again_changes_nothing(env: dict[str, str]) -> None:
    words = ("backfill", "--from", "2026-08-01", "--to", "2026-09-30", "--as-of", "2026-10-01", "--json")
    first = json.loads(trueup(*words, env=env).stdout)
    assert first["made"] == {"visits": 1, "stripe": 1, "era": 0}
    assert first["reconcile"]["nothing_new"] is False
    assert first["reconcile"]["memos"] == 1
    again = json.loads(trueup(*words, env=env).stdout)
    assert again["made"] == {"visits": 0, "stripe": 0, "era": 0}
    assert again["unchanged"] == {"visits": 1, "stripe": 1, "era": 0}
    assert again["reconcile"] == {**first["reconcile"], "nothing_new": True, "memos": 0}


def test_a_range_without_data_says_what_there_is(env: dict[str, str]) -> None:
    empty = trueup("backfill", "--from", "2020-01-01", "--to", "2020-01-31", env=env)
    assert empty.returncode == 0
    assert empty.stdout == (
        "Nothing of visits, stripe, era is loaded for 2020-01-01 to 2020-01-31: nothing was done."
        " What is loaded reaches from 2026-09-01 to 2026-09-01.\n"
    )


def test_the_plan_says_per_visit_what_would_be_sent_and_why(env: dict[str, str]) -> None:
    planned = json.loads(trueup("plan", "--as-of", "2026-10-06", "--json", env=env).stdout)
    assert planned["is_behind"] is False
    assert {row["visit_token"][-1]: (row["action"], row["amount_cents"]) for row in planned["rows"]} == {
        "1": ("credit_memo", 5000),
        "2": ("nothing", 0),
        "3": ("nothing", 0),
        "4": ("blocked", 15000),
        "5": ("meter_event", 15000),
        "6": ("nothing", 0),
    }
    assert planned["summary"]["meter_event"] == {"count": 1, "amount_cents": 15000}
    (credit,) = (row for row in planned["rows"] if row["action"] == "credit_memo")
    assert credit["invoice_id"] == "in_1"
    (used,) = (row for row in planned["rows"] if row["invoice_id"] == "in_usage")
    assert used["why"] == "Its usage is sent already."
    assert credit["memo_id"]
    later = trueup("plan", "--as-of", "2026-10-07", env=env)
    assert "36 days ago" in " ".join(later.stdout.split())
    assert "blocked" in later.stdout


def test_the_start_of_a_month_writes_the_month_before(env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TRUEUP_HOME", "TRUEUP_DATABASE_URL"):
        monkeypatch.setenv(name, env[name])
    exports = Path(env["TRUEUP_HOME"], "exports")
    jobs.sum_up(dg.build_op_context(), date(2026, 10, 1))
    written = json.loads((exports / "summary-2026-09.json").read_text())
    assert (written["period"], written["as_of"]) == ("2026-09", "2026-10-01")
    assert written["measures"]["gross_charges"]["amount_cents"] == 90_000
    assert "September 2026" in (exports / "month-2026-09.html").read_text()
    jobs.sum_up(dg.build_op_context(), date(2026, 8, 1))
    assert not (exports / "summary-2026-07.json").exists()


def test_a_plan_of_other_days_is_empty_and_of_days_turned_round_is_refused(env: dict[str, str]) -> None:
    elsewhere = json.loads(trueup("plan", "--from", "2026-09-02", "--json", env=env).stdout)
    assert elsewhere["rows"] == []
    assert trueup("plan", "--from", "2026-09-02", "--to", "2026-09-01", env=env).returncode == 2


def test_a_plan_says_that_the_books_are_behind(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "late.csv").write_text(visits(7, 1))
    assert trueup("load", "visits", tmp_path / "late.csv", env=env).returncode == 0
    assert "run `trueup reconcile`" in trueup("plan", env=env).stderr
