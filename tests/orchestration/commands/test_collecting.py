"""`trueup worklist`, `practice`, `hold` and `notices` as a person types them, the wrong input first."""

from __future__ import annotations

import contextlib
import hashlib
import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from ledger.store import worklist
from ledger.store.database import connect
from orchestration import cli
from tests.dashboards import marts_tables

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ledger.store.database import Database

    Run = Callable[..., tuple[int, str, str]]

VISIT = UUID("00000000-0000-4000-8000-000000000001")


@pytest.fixture
def run(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run commands on a database with one row on its worklist, in this process."""
    monkeypatch.setenv("TRUEUP_HOME", str(tmp_path))
    monkeypatch.setenv("TRUEUP_DATABASE_URL", database.url)
    with contextlib.closing(connect(database)) as connection:
        worklist.open_(
            connection,
            worklist.Kind.PAYMENT_FAILED,
            "in_12345678",
            "new_card",
            visit_token=VISIT,
            object_id="in_12345678",
            practice_id="P1",
        )
        connection.commit()

    def runs(*words: str) -> tuple[int, str, str]:
        code = cli.run(words)
        said = capsys.readouterr()
        return code, said.out, said.err

    return runs


def document(ran: tuple[int, str, str]) -> Any:
    """Return what a command that went well said to a machine."""
    code, out, err = ran
    assert code == 0, err
    return json.loads(out)


def test_a_row_goes_from_hand_to_hand_to_its_end(run: Run) -> None:
    (row,) = document(run("worklist", "list", "--json"))["worklist"]
    assert (row["kind"], row["why"], row["state"], row["visit_token"]) == (
        "payment_failed",
        "new_card",
        "open",
        str(VISIT),
    )
    number = str(row["item_id"])
    assert run("worklist", "assign", number, "ada", "--by", "grace")[0] == 0
    assert run("worklist", "note", number, "Left word", "--by", "ada")[0] == 0
    assert len(document(run("worklist", "list", "--assignee", "ada", "--json"))["worklist"]) == 1
    assert document(run("worklist", "list", "--practice", "P2", "--json")) == {"worklist": []}
    code, out, _ = run("worklist", "list")
    assert code == 0
    assert "assigned: ada" in out
    assert "Left word" in out
    assert document(run("worklist", "resolve", number, "Pays by transfer", "--json"))["state"] == "resolved"
    assert document(run("worklist", "list", "--json")) == {"worklist": []}
    shown = document(run("worklist", "show", number, "--json"))
    assert [(each["deed"], each["made_by"]) for each in shown["entries"]][:3] == [
        ("opened", "trueup"),
        ("assigned", "grace"),
        ("noted", "ada"),
    ]
    code, _, err = run("worklist", "resolve", number, "again")
    assert code == 2
    assert "resolved already" in err
    assert run("worklist", "note", number, "Came after all")[0] == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("worklist", "show", "99"), "no row 99"),
        (("worklist", "assign", "99", "ada"), "no row 99"),
        (("worklist", "note", "1", "  "), "TEXT is empty"),
        (("worklist", "list", "--kind", "party"), "no kind party; there are payment_failed"),
        (("hold", "add", "--reason", "x", "--practice", "P1"), "one of them only"),
        (("hold", "add", "--visit", "Maria", "--reason", "x", "--practice", "P1"), "A token is a UUID"),
        (("hold", "end", "--visit", str(VISIT), "--reason", "x"), "No hold lasts there"),
        (("practice", "set", "P1", "--quiet", "8pm-9am"), "write it as 20:00-09:00"),
        (("practice", "set", "P1", "--timezone", "Mars/Olympus"), "no time zone"),
        (("practice", "set", "P1", "--days-apart", "0"), "days apart from 1 to 90"),
        (("practice", "set", "P1", "--late-cancel-hours", "-1"), "from 0 to 336"),
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing(run: Run, words: tuple[str, ...], says: str) -> None:
    code, _, err = run(*words)
    assert code == 2
    assert says in err
    assert "Maria" not in err
    assert document(run("hold", "list", "--all", "--json")) == {"holds": []}
    assert len(document(run("practice", "list", "--json"))["practices"]) == 1


def test_a_practice_sets_what_it_likes_and_the_rest_stays(run: Run) -> None:
    run("practice", "set", "P1", "--timezone", "America/Chicago", "--quiet", "21:00-08:30")
    run("practice", "set", "P1", "--most-notices", "2", "--late-cancel-hours", "48")
    default, mine = document(run("practice", "list", "--json"))["practices"]
    assert (default["timezone"], default["quiet_from"], default["late_cancel_hours"]) == ("UTC", "20:00:00", 24)
    assert (mine["timezone"], mine["quiet_from"], mine["quiet_until"]) == ("America/Chicago", "21:00:00", "08:30:00")
    assert (mine["most_notices"], mine["days_apart"], mine["late_cancel_hours"]) == (2, default["days_apart"], 48)


def test_a_hold_is_made_once_and_ended_with_a_reason(run: Run) -> None:
    held = ("--visit", str(VISIT))
    for _ in range(2):
        assert run("hold", "add", *held, "--practice", "P1", "--reason", "lost their work", "--by", "ada")[0] == 0
    (hold,) = document(run("hold", "list", "--json"))["holds"]
    assert (hold["visit_token"], hold["reason"], hold["made_by"]) == (str(VISIT), "lost their work", "ada")
    assert run("hold", "end", *held, "--reason", "found work", "--by", "grace")[0] == 0
    assert document(run("hold", "list", "--json")) == {"holds": []}
    (ended,) = document(run("hold", "list", "--all", "--json"))["holds"]
    assert (ended["ended_why"], ended["ended_by"]) == ("found work", "grace")
    assert document(run("notices", "--json")) == {"notices": []}


@pytest.fixture
def waits(database: Database) -> dict[str, str]:
    """Have a held remittance, a claim without a visit and leaks in the marts; return what each is called."""
    file, leak = "ab" * 32, "c" * 32
    with contextlib.closing(connect(database)) as connection:
        marts_tables.create(connection, {})
        connection.execute(
            "with came as (insert into raw.file (file_sha256, kind, byte_count) values (%(file)s, 'era', 1)"
            " returning load_id), made as (insert into raw.era_transaction"
            " (file_sha256, st_index, claim_count, verdict, body_sha256, load_id)"
            " select %(file)s, st, 1, 'held', st, load_id from came, generate_series(0, 1) as st)"
            " insert into raw.era_claim (file_sha256, st_index, claim_index, patient_responsibility_cents, is_reversal)"
            " values (%(file)s, 1, 4, 0, false)",
            {"file": file},
        )
        connection.execute(
            "insert into marts.era_tieout (file_sha256, st_index, verdict) values (%s, 0, 'held'), (%s, 1, 'posted')",
            (file, file),
        )
        connection.execute(
            "insert into marts.unmatched_remits (file_sha256, st_index, claim_index, why) values (%s, 1, 4, 'x')",
            (file,),
        )
        connection.execute(
            "insert into marts.leaks (leak_id, category) values (%s, 'denied'), (md5(%s), 'orphan_remit')",
            (leak, f"orphan_remit|{file}#1/4"),
        )
        connection.commit()
    return {
        "held_remit": f"{file[:10]}#0",
        "unmatched_remit": f"{file[:10]}#1/4",
        "leak": leak,
        "claim's leak": hashlib.md5(f"orphan_remit|{file}#1/4".encode(), usedforsecurity=False).hexdigest(),
    }


def test_what_waits_in_the_books_is_taken_up_once_by_its_name(run: Run, waits: dict[str, str]) -> None:
    for kind in ("held_remit", "unmatched_remit", "leak"):
        taken = [document(run("worklist", "take", waits[kind], "--by", who, "--json")) for who in ("ada", "ben")]
        assert [(each["kind"], each["assignee"], each["practice_id"]) for each in taken] == [(kind, "ada", None)] * 2
        (row,) = document(run("worklist", "list", "--kind", kind, "--json"))["worklist"]
        assert row == taken[0] == taken[1]
        code, out, _ = run("worklist", "show", str(row["item_id"]))
        assert (code, row["cause"][:30] in out, "to ada" in out) == (0, True, True)
    claim = document(run("worklist", "list", "--kind", "unmatched_remit", "--json"))["worklist"][0]
    again = document(run("worklist", "take", waits["claim's leak"], "--json"))
    assert again == claim
    assert again["why"] == "x"
    run("worklist", "dismiss", str(claim["item_id"]), "Not ours")
    code, out, _ = run("worklist", "take", waits["unmatched_remit"])
    assert (code, out) == (0, f"Row {claim['item_id']} (unmatched_remit) is dismissed.\n")


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("abababab#1", "nothing that waits by the name abababab#1"),
        ("abababab#7", "there is no transaction #7"),
        ("abababab#1/9", "has no claim /9"),
        ("cdcdcdcd#0", "No remittance file"),
        ("held.835#x", "names no transaction"),
        ("d" * 32, "nothing that waits"),
        ("in_12345678", "nothing that waits"),
    ],
)
def test_what_does_not_wait_is_not_taken_up(run: Run, waits: dict[str, str], what: str, says: str) -> None:
    code, _, err = run("worklist", "take", what)
    assert waits
    assert (code, says in err) == (2, True), err
    assert len(document(run("worklist", "list", "--all", "--json"))["worklist"]) == 1


def test_without_marts_nothing_is_taken_up(run: Run) -> None:
    assert run("worklist", "take", "d" * 32)[0] == 2
