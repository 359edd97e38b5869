"""Books after a person settled remittances are the books as if those had posted at once, and nothing else had."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest
from psycopg.rows import dict_row

from ingestion import visit_ledger
from ingestion.era835 import load as era
from ingestion.era835.archive import Archive
from ingestion.era835.settlement import Name, release, replace_by
from ledger.settings import Settings
from ledger.store import worklist
from ledger.store.database import Database, connect
from orchestration import cli, dagster_home
from orchestration.reconcile import Outcome, reconcile
from tests.support.feed_files import visit, write_csv
from tests.support.remittance_writer import Claim, Payment, interchange

if TYPE_CHECKING:
    import psycopg

AT_ONCE = 10
"""What tells the visits whose remittances come right at once from those whose remittances a person settles."""


def claim(number: int, owed: int, paid: int = 8000) -> Claim:
    """Return a claim of the visit with that number: CO-45 and what the patient owes explain the rest."""
    adjustments = (("CO", "45", 15000 - paid - owed), ("PR", "1", owed))
    return Claim(f"CLAIM{number:04d}", 15000, paid, owed, payer_number=f"ICN{number}", adjustments=adjustments)


def explained(first: int = 0) -> Payment:
    return Payment(f"T{first + 1}", (claim(first + 1, 2000),))


def twin(first: int = 0) -> Payment:
    return Payment(f"T{first + 2}", (claim(first + 2, 3500), claim(first + 3, 0, 0)))


def whole(first: int = 0) -> Payment:
    return Payment(f"T{first + 4}", (claim(first + 4, 1000), claim(first + 5, 0, 14000)))


UNEXPLAINED = replace(explained(), amount=8300)
WRONG = Payment("T2", (claim(2, 2000),))
CUT = interchange((whole(),)).partition(b"SE*")[0]
AT_ONCE_CENTS = 8000 + 8000 + 22000
AS_OF = date(2026, 11, 1)
NEVER = (("held_remit", f"{'0' * 64}#0", "held"), ("unmatched_remit", f"{'0' * 64}#0/0", "x"), ("leak", "a" * 32, "x"))


def token(number: int) -> str:
    """Return the token of the visit with that number."""
    return visit(number)["visit_token"]


@dataclass(frozen=True)
class Books:
    """One set of books with a home of its own."""

    database: Database
    settings: Settings

    def take(self, name: str, data: bytes) -> Name:
        """Load a file and name its first remittance."""
        path = self.settings.home / name
        path.write_bytes(data)
        with connect(self.database) as connection:
            (receipt,) = era.load(connection, path, Archive(self.settings.home / "archive", bytes(32)))
        return Name(receipt.file_sha256, 0)

    def reconcile(self) -> Outcome:
        """Reconcile as of the day of this module."""
        return reconcile(self.settings, self.database, as_of=AS_OF, on_step=lambda *_: None)

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Answer a query."""
        with connect(self.database) as connection, connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query).fetchall()

    def memos(self) -> dict[str, list[int]]:
        """Return the memos of each visit, oldest first, debits positive."""
        rows = self.rows("select * from ledger.memos order by visit_token, ordinal")
        found: dict[str, list[int]] = {}
        for row in rows:
            signed = row["amount_cents"] if row["kind"] == "debit" else -row["amount_cents"]
            found.setdefault(str(row["visit_token"]), []).append(signed)
        return found


@dataclass(frozen=True)
class Settled:
    """The books after a person settled; `before` are the memos before that, `outcome` that of the reconcile after."""

    books: Books
    before: dict[str, list[int]]
    outcome: Outcome
    names: dict[str, Name]


def take_up(connection: psycopg.Connection) -> None:
    """Put all remittances that wait on the worklist, and others that never did."""
    waiting = connection.execute("select kind, cause, why from ledger.waiting_remits()").fetchall()
    for kind, cause, why in (*waiting, *NEVER):
        worklist.open_(connection, worklist.Kind(kind), cause, why)


@pytest.fixture(scope="module")
def settled(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Settled:
    """Reconcile, settle, reconcile: of five visits; of five more the same remittances came right at once."""
    home = tmp_path_factory.mktemp("home")
    books = Books(module_database, Settings(home=home, database_url=module_database.url))
    numbers = [number + first for first in (0, AT_ONCE) for number in range(1, 6)]
    with connect(books.database) as connection:
        visit_ledger.load(connection, write_csv(home / "visits.csv", [visit(number) for number in numbers]))
    files = {name: interchange((sent,)) for name, sent in (("held", UNEXPLAINED), ("wrong", WRONG), ("twin", twin()))}
    names = {name: books.take(name, data) for name, data in files.items()}
    names |= {"cut": books.take("cut", CUT), "whole": books.take("whole", interchange((whole(),)))}
    books.take("at-once", interchange((explained(AT_ONCE), twin(AT_ONCE), whole(AT_ONCE))))
    books.reconcile()
    before = books.memos()
    with connect(books.database) as connection:
        take_up(connection)
        release(connection, names["held"], "Interest", "anna")
        replace_by(connection, names["wrong"], names["twin"], "Corrected", "anna")
        replace_by(connection, names["cut"], names["whole"], "Whole", "anna")
    return Settled(books, before, books.reconcile(), names)


def test_a_settlement_is_something_new_and_only_once(settled: Settled) -> None:
    assert not settled.outcome.nothing_new
    assert settled.books.reconcile().nothing_new


@pytest.mark.parametrize("table", ["visit_revenue", "leaks", "reversals"])
def test_the_books_of_a_visit_are_as_if_what_stands_had_posted_at_once(settled: Settled, table: str) -> None:
    own = {"visit_token", "leak_id", "claim_ref", "evidence"}
    ours, at_once = (
        [
            {column: value for column, value in row.items() if column not in own}
            for number in range(1, 6)
            for row in settled.books.rows(f"select * from marts.{table} where visit_token = '{token(first + number)}'")
        ]
        for first in (0, AT_ONCE)
    )
    assert ours == at_once
    assert ours or table != "visit_revenue"


def test_the_accounts_of_a_visit_are_as_if_what_stands_had_posted_at_once(settled: Settled) -> None:
    lines = "select account, sum(debit_cents - credit_cents)::bigint as cents from marts.revenue_feed"
    for number in range(1, 6):
        ours, at_once = (
            settled.books.rows(
                f"{lines} where visit_token = '{token(first + number)}' group by account"
                " having sum(debit_cents - credit_cents) <> 0 order by account"
            )
            for first in (0, AT_ONCE)
        )
        assert ours == at_once
        assert ours


def test_the_journal_takes_back_what_was_replaced_and_shows_what_a_release_leaves_open(settled: Settled) -> None:
    entries = {
        (name, row["version"]): (row["reverses"], row["accounts"], row["amounts"])
        for name, sent in settled.names.items()
        for row in settled.books.rows(
            "select version, reverses, accounts::text[] as accounts, amounts from ledger.journal"
            f" where source_kind = 'remittance' and source_id = '{sent.file_sha256}#0'"
        )
    }
    plain = ["eft_clearing", "remittance_clearing"]
    assert entries == {
        ("held", 1): (None, [*plain, "remittance_difference"], [8300, -8000, -300]),
        ("wrong", 1): (None, plain, [8000, -8000]),
        ("wrong", 2): (1, plain, [-8000, 8000]),
        ("twin", 1): (None, plain, [8000, -8000]),
        ("whole", 1): (None, plain, [22000, -22000]),
    }


def test_memos_move_by_further_memos_and_end_where_they_would_have_been_at_once(settled: Settled) -> None:
    at_once = {token(AT_ONCE + 1): [2000], token(AT_ONCE + 2): [3500], token(AT_ONCE + 4): [1000]}
    assert settled.before == at_once | {token(2): [2000], token(4): [1000]}
    assert settled.books.memos() == at_once | {token(1): [2000], token(2): [2000, 1500], token(4): [1000]}


def test_what_waited_on_the_worklist_ended_with_the_reconcile(settled: Settled) -> None:
    waited = {("held_remit", f"{settled.names[name].file_sha256}#0") for name in ("held", "twin", "cut")}
    rows = settled.books.rows("select item_id, kind, cause, state from ledger.worklist")
    assert {(row["kind"], row["cause"]) for row in rows} == waited | {known[:2] for known in NEVER}
    assert {row["state"] for row in rows} == {"resolved"}
    entries = settled.books.rows("select deed, said, made_by from ledger.worklist_entry where ordinal = 2")
    assert [tuple(entry.values()) for entry in entries] == [("resolved", "its cause is gone", "trueup")] * len(rows)
    assert settled.books.rows("select * from ledger.waiting_remits()") == []


def test_the_tie_out_says_where_each_went_who_settled_it_and_why(settled: Settled) -> None:
    columns = "verdict, settlement, replaced_by, settled_by, why, residual_cents"
    rows = settled.books.rows(f"select file_sha256, {columns}, settled_at from marts.era_tieout")
    rows = [row for row in rows if row["file_sha256"] in {name.file_sha256 for name in settled.names.values()}]
    assert all((row.pop("settled_at") is None) == (row["settlement"] is None) for row in rows)
    names = {name.file_sha256: short for short, name in settled.names.items()}
    other, complete = (f"{settled.names[name].file_sha256}#0" for name in ("twin", "whole"))
    assert {names[row.pop("file_sha256")]: tuple(row.values()) for row in rows} == {
        "held": ("posted", "released", None, "anna", "Interest", 300),
        "wrong": ("held", "replaced", other, "anna", "Corrected", 0),
        "twin": ("posted", "released", None, "anna", "Corrected", 0),
        "cut": ("held", "replaced", complete, "anna", "Whole", 0),
        "whole": ("posted", None, None, None, None, 0),
    }


def test_nothing_that_is_settled_waits_in_quarantine_or_status(
    settled: Settled, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert settled.books.rows("select * from marts.quarantine") == []
    assert len(settled.books.rows("select * from raw.quarantine")) == 3
    monkeypatch.setenv("TRUEUP_HOME", str(settled.books.settings.home))
    monkeypatch.setenv("TRUEUP_DATABASE_URL", settled.books.database.url)
    assert cli.run(["status", "--json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert (status["quarantine"], status["last_run"]["is_behind"]) == ([], False)
    assert status["remits"] == [
        {"verdict": "posted", "transactions": 6, "bpr_cents": 8300 + 8000 + 22000 + AT_ONCE_CENTS},
        {"verdict": "replaced", "transactions": 2, "bpr_cents": 8000 + 22000},
    ]
    assert cli.run(["export", "quarantine"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_the_partitions_of_settled_files_are_written_down_anew(settled: Settled) -> None:
    home = dagster_home.prepare(settled.books.settings.home, settled.books.database)
    with dg.DagsterInstance.from_config(str(home)) as instance:
        for short, posted in {"held": [0, 8300], "wrong": [8000, 0], "whole": [22000]}.items():
            key = settled.names[short].file_sha256
            events = instance.fetch_materializations(
                dg.AssetRecordsFilter(dg.AssetKey(["raw", "remittances"]), asset_partitions=[key]), limit=9
            ).records
            said = [record.asset_materialization.metadata["posted_cents"].value for record in reversed(events)]
            assert said == posted
