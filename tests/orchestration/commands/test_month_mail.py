"""The month-start mail: its words to the letter, and that everybody has it once, whoever runs it and however."""

from __future__ import annotations

import contextlib
import email
import os
import re
import signal
import subprocess
import sys
import threading
from datetime import date
from email import policy
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import dagster as dg
import pytest

from ledger.gateways.mail import Mail, NotDelivered, Smtp
from ledger.settings import Settings
from ledger.store import month_mails
from ledger.store.database import Database, connect
from orchestration import jobs, ops
from orchestration.commands import month_mail
from orchestration.commands.month_mail import NotAllDelivered
from tests.dashboards import marts_tables, sample_books
from tests.support import month_mail_child
from tests.support.mail_server import mail_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.mail_server import Server

ROOT = Path(__file__).parents[3]
MONTH, BEFORE = "2026-09", "2026-08"
ADA, CFO = "ada@example.com", "cfo@example.com"
RATES = {
    ("net_collection_rate", MONTH): "8740.5000",
    ("net_collection_rate", BEFORE): "9100.0000",
    ("denial_rate", MONTH): "240.0000",
    ("denial_rate", BEFORE): "180.0000",
    ("first_pass_yield", MONTH): "9430.0000",
}
LETTER = (Path(__file__).parent / "month_letter.txt").read_text(encoding="utf-8")


def _books() -> dict[str, sample_books.Rows]:
    found = sample_books.books()
    ratios = [{"period": period, "measure": name, "ratio": value} for (name, period), value in RATES.items()]
    days = [{"period": MONTH, "measure": "days_in_ar", "days": "21.2500"}]
    steps = [(MONTH, 1_000_000), (BEFORE, 1_200_050)]
    # All of it is still outstanding, at payers: the steps lead to their sums.
    equal = ("gross_patient_service_revenue", "net_patient_service_revenue", "outstanding", "payer_receivable")
    waterfall = [{"period": period, "step": step, "amount_cents": cents} for period, cents in steps for step in equal]
    aged = {"as_of": date(2026, 11, 1), "payer_id": "patient", "written_off_cents": 0}
    found["month_summary"] += [
        {"period": BEFORE, "measure": "payer_paid", "amount_cents": 1_150_000, "count": 90},
        {"period": BEFORE, "measure": "patient_billed", "amount_cents": 956_500, "count": 90},
    ]
    return found | {
        "month_ratios": ratios + days,
        "revenue_waterfall": waterfall,
        "ar_ageing": [aged | {"bucket": "31-60", "amount_cents": 5_000}, aged | {"bucket": "120+", "amount_cents": 7}],
    }


@pytest.fixture(scope="module")
def books(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Database:
    """Return a database with two months in the marts, as of 1 November."""
    settings = Settings(home=tmp_path_factory.mktemp("home"), database_url=module_database.url)
    with contextlib.closing(connect(module_database, autocommit=True)) as connection:
        marts_tables.create(connection, _books())
        ops.prepare(connection)
        ops.begin(connection, UUID(int=1), ops.run_setting(settings, date(2026, 11, 1), ()), "none", 0)
        ops.succeed(connection, UUID(int=1), 0, [])
    return module_database


@pytest.fixture(autouse=True)
def _nobody_has_it(books: Database) -> None:
    with contextlib.closing(connect(books, autocommit=True)) as connection:
        connection.execute("delete from ledger.month_mail")


@pytest.fixture(name="server")
def _server() -> Iterator[Server]:
    with mail_server() as server:
        yield server


def smtp(server: Server) -> Smtp:
    return Smtp(server.url, "books@trueup.example")


def heads(server: Server, name: str) -> list[str]:
    """Return a head of every mail that was taken."""
    return [str(email.message_from_string(text, policy=policy.default)[name]) for text in server.mail]


def test_the_mail_says_this(books: Database) -> None:
    taken: list[Mail] = []
    assert month_mail.send(books, MONTH, [CFO], taken.append) == 1
    (mail,) = taken
    assert (mail.recipient, mail.sender_name) == (CFO, "Trueup")
    assert f"Subject: {mail.subject}\n\n{mail.body}" == LETTER


def test_nothing_of_one_visit_is_in_it(books: Database) -> None:
    with contextlib.closing(connect(books)) as connection:
        said = "".join(month_mail.compose(connection, MONTH))
    assert not re.search(r"[0-9a-f]{8}-|ch_|TRACE|practice-|provider-|@", said)
    assert max(map(len, said.splitlines())) <= 120


def test_it_goes_once_however_often_it_is_run_and_late_comers_get_the_same(books: Database, server: Server) -> None:
    assert [month_mail.send(books, MONTH, [ADA], smtp(server).mail) for _ in range(3)] == [1, 0, 0]
    with contextlib.closing(connect(books, autocommit=True)) as connection:
        connection.execute("update marts.month_summary set amount_cents = amount_cents + 1")
        before = month_mails.of_month(connection, MONTH)
        assert month_mail.send(books, MONTH, [ADA, CFO], smtp(server).mail) == 1
        connection.execute("update marts.month_summary set amount_cents = amount_cents - 1")
        assert before == [each for each in month_mails.of_month(connection, MONTH) if each.recipient == ADA]
    assert heads(server, "To") == [ADA, CFO]


def test_months_go_apart(books: Database, server: Server) -> None:
    assert [month_mail.send(books, period, [ADA], smtp(server).mail) for period in (MONTH, BEFORE)] == [1, 1]
    assert heads(server, "Subject") == [f"Trueup: the books of {period}" for period in (MONTH, BEFORE)]


def test_two_at_once_send_one(books: Database, server: Server) -> None:
    both_there = threading.Barrier(2, timeout=30)

    def run() -> None:
        both_there.wait()
        month_mail.send(books, MONTH, [ADA], smtp(server).mail)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert heads(server, "To") == [ADA]


@pytest.mark.parametrize(("point", "taken"), [("RCPT", 1), ("TAKEN", 2)])
def test_killed_while_it_sends_it_is_sent_again_and_is_one_mail_to_a_mailbox(
    books: Database, server: Server, point: str, taken: int
) -> None:
    children: list[subprocess.Popen[bytes]] = []
    began = threading.Event()

    def kill(step: str) -> None:
        if step == point and children and children[0].poll() is None and began.wait(30):
            os.kill(children[0].pid, signal.SIGKILL)
            children[0].wait(30)

    server.watch = kill
    arguments = [books.url, server.url, MONTH, ADA]
    children.append(subprocess.Popen([sys.executable, "-m", month_mail_child.__name__, *arguments], cwd=ROOT))
    began.set()
    assert children[0].wait(60) == -signal.SIGKILL
    assert month_mail.send(books, MONTH, [ADA], smtp(server).mail) == 1
    assert month_mail.send(books, MONTH, [ADA], smtp(server).mail) == 0
    ids = heads(server, "Message-ID")
    assert (len(ids), len(set(ids))) == (taken, 1)
    assert re.fullmatch(r"<[0-9a-f-]{36}@trueup>", ids[0])


def test_one_that_cannot_be_sent_keeps_no_other_back_and_waits(books: Database, server: Server) -> None:
    with pytest.raises(
        NotAllDelivered, match=r"1 of 2 mails of 2026-09 did not leave: The mail server refuses the rec"
    ):
        month_mail.send(books, MONTH, ["refused@example.com", ADA], smtp(server).mail)
    assert heads(server, "To") == [ADA]
    with contextlib.closing(connect(books)) as connection:
        assert [
            (each.recipient, each.attempts, each.sent_at is None) for each in month_mails.of_month(connection, MONTH)
        ] == [
            (ADA, 1, False),
            ("refused@example.com", 1, True),
        ]


def test_a_mail_server_that_is_away_leaves_it_waiting(books: Database, server: Server) -> None:
    def away(_mail: Mail) -> None:
        raise NotDelivered("The mail server could not be used (ConnectionRefusedError).")

    for _ in range(2):
        with pytest.raises(NotAllDelivered):
            month_mail.send(books, MONTH, [ADA], away)
    assert month_mail.send(books, MONTH, [ADA], smtp(server).mail) == 1


def test_the_first_of_the_month_mails_the_month_before_to_whoever_is_set(
    books: Database, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"HOME": str(tmp_path), "DATABASE_URL": books.url, "MAIL_URL": server.url}.items():
        monkeypatch.setenv(f"TRUEUP_{name}", value)
    monkeypatch.setenv("TRUEUP_MAIL_FROM", "books@trueup.example")
    monkeypatch.delenv("TRUEUP_FINANCE_MAIL", raising=False)
    first = date(2026, 10, 1)
    jobs.tell_finance(dg.build_op_context(), first)
    assert server.mail == []
    monkeypatch.setenv("TRUEUP_FINANCE_MAIL", f"{ADA}, {CFO},{ADA}")
    for _ in range(2):
        jobs.tell_finance(dg.build_op_context(), first)
    jobs.tell_finance(dg.build_op_context(), date(2026, 7, 1))  # there are no figures of June
    assert heads(server, "To") == [ADA, CFO]
    assert {node.name for node in jobs.month_start.nodes} == {"reconcile_books", "sum_up", "tell_finance"}
    monkeypatch.setenv("TRUEUP_FINANCE_MAIL", "refused@example.com")
    with pytest.raises(dg.Failure) as failed:
        jobs.tell_finance(dg.build_op_context(), first)
    assert failed.value.allow_retries
    assert "trueup mail send 2026-09" in str(failed.value.description)
