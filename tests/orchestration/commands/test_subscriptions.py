"""`trueup subscriptions` as a person types it, the wrong input first; invoices come as webhooks of Stripe."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from ledger.rules.requests import MeterVisit
from ledger.rules.stripe_events import read
from ledger.rules.visit import Actor, State
from ledger.store import customers, inbox, visits
from ledger.store.database import Database, connect
from ledger.store.visits import Deed, Visit
from orchestration import cli
from tests.support.webhooks import CREATED, event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import psycopg

    Run = Callable[..., tuple[int, str, str]]

PATIENT, CUSTOMER = UUID(int=1, version=4), "cus_ABCDEFGH12"


@pytest.fixture(name="run")
def _run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, module_database: Database
) -> Run:
    monkeypatch.setenv("TRUEUP_HOME", str(tmp_path))
    monkeypatch.setenv("TRUEUP_DATABASE_URL", module_database.url)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.run(["subscriptions", *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


@pytest.fixture(name="books", scope="module")
def _books(module_database: Database) -> Iterator[psycopg.Connection]:
    with contextlib.closing(connect(module_database, autocommit=True)) as connection:
        customers.keep(connection, PATIENT, "P1", CUSTOMER)
        yield connection


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["plan", "P1", "--visit", "2=7500"], "--flat is missing"),
        (["plan", "P1", "--flat", "4900"], "1 to 9 categories"),
        (["plan", "P1", "--flat", "4900", "--visit", "2:75.00"], "CATEGORY=CENTS"),
        (["plan", "P1", "--flat", "4900", "--visit", "2=1", "--visit", "2=2"], "each category once"),
        (["plan", "P1", "--flat", "4900", "--visit", "42=7500"], "no category 42"),
        (["plan", "P1", "--flat", "0", "--visit", "2=7500"], "1 to 99,999,999 cents"),
        (["start", "Maria"], "not a valid UUID"),
        (["start", str(UUID(int=9, version=4))], "card on file"),
        (["start", str(PATIENT)], "no plan"),
        (["end", "Maria", "--why", "Moves away"], "not a valid UUID"),
        (["end", str(UUID(int=9, version=4))], "Missing option"),
        (["end", str(UUID(int=9, version=4)), "--why", " "], "--why is empty"),
        (["end", str(UUID(int=9, version=4)), "--why", "Moves away"], "has no subscription"),
        (["release", "in_12345678", "--why", " "], "--why is empty"),
        (["release", "in_12345678", "--why", "Because"], "not up for review"),
    ],
)
def test_what_is_wrong_is_told_and_changes_nothing(
    run: Run, books: psycopg.Connection, arguments: list[str], told: str
) -> None:
    code, _, errors = run(*arguments)
    assert (code, told in " ".join(errors.split())) == (2, True), errors
    assert books.execute("select count(*) from ledger.plan").fetchone() == (0,)


def test_from_a_plan_to_an_invoice_that_is_held_and_released(run: Run, books: psycopg.Connection) -> None:
    assert "has no plan" in run("plan", "P1")[1]
    code, told, _ = run("plan", "P1", "--flat", "4900", "--visit", "2=7500", "--visit", "5=9000")
    assert code == 0
    assert "Psychotherapy" in told
    assert "$75.00" in told
    assert "stands in the outbox" in run("start", str(PATIENT))[1]
    assert "nothing changed" in run("start", str(PATIENT))[1]
    assert "run `trueup send`, then this" in run("end", str(PATIENT), "--why", "Moves away")[2]
    (listed,) = json.loads(run("list", "--json")[1])["subscriptions"]
    assert (listed["state"], listed["is_over"], listed["prices"]) == ("pending", False, "2=7500,5=9000")

    books.execute(
        "update ledger.outbox set state = 'done', outcome = %s where operation = 'subscribe'",
        (json.dumps({"object_id": "sub_12345678", "facts": {"started_at": 1, "price_2": "price_2", "price_5": "p5"}}),),
    )
    held_visit(books)
    inbox.receive(books, "payments", read(event(1, invoice(0), type="invoice.created")))
    code, told, _ = run("held")
    assert code == 1
    assert "in_12345678" in told
    assert "draft: `trueup send` holds it" in told
    assert "Psychotherapy: 0, 1" in told
    inbox.receive(books, "payments", read(event(2, invoice(1, auto_advance=False), type="invoice.updated")))
    (found,) = json.loads(run("held", "--json")[1])["invoices"]
    assert (found["is_held"], found["differs"]) == (True, False)

    assert "is settled; where it was held" in run("release", "in_12345678", "--why", "It is on it now.")[1]
    assert "settled already" in run("release", "in_12345678", "--why", "Twice.")[1]
    assert run("held")[0] == 0
    assert "It is on it now." in run("held", "--all")[1]
    kept = books.execute("select operation, after_key is null from ledger.outbox where visit_token is null").fetchall()
    assert sorted(kept) == [("hold_invoice", True), ("release_invoice", False), ("subscribe", True)]
    an_end_is_asked_for_once(run, books)


def an_end_is_asked_for_once(run: Run, books: psycopg.Connection) -> None:
    """Ask for the end of the subscription, with its period and now, each twice; then Stripe says when it is."""
    end = ["end", str(PATIENT), "--why", "Moves away", "--ended-by", "Bo"]
    assert run(*end) == (0, "Its end stands in the outbox: `trueup send` tells Stripe.\n", "")
    assert "nothing changed" in run(*end)[1]
    assert "asked for" in run("list")[1]
    outcome = json.dumps({"object_id": "sub_12345678", "facts": {"status": "active", "ends_at": 1_800_000_000}})
    books.execute("update ledger.outbox set state = 'done', outcome = %s where business_key ~ '^end-'", (outcome,))
    assert "2027-01-15" in run("list")[1]
    assert json.loads(run(*end, "--now", "--json")[1]) == {"patient_token": str(PATIENT), "changed": True}
    assert json.loads(run(*end, "--json")[1]) == {"patient_token": str(PATIENT), "changed": False}
    asked = books.execute("select ending, why, asked_by from ledger.subscription_end order by 1").fetchall()
    assert asked == [("now", "Moves away", "Bo"), ("period", "Moves away", "Bo")]
    told = {"id": "sub_12345678", "object": "subscription", "customer": CUSTOMER, "status": "canceled"}
    inbox.receive(books, "payments", read(event(3, told | {"ended_at": CREATED}, type="customer.subscription.deleted")))
    assert "ended 20" in run("list")[1]
    assert "nothing changed" in run(*end)[1]


def held_visit(books: psycopg.Connection) -> None:
    """Hold a visit of category 2 within the period of the invoice; its usage stands in the outbox."""
    now = datetime.fromtimestamp(CREATED - 3600, UTC)
    token = UUID(int=2, version=4)
    visits.book(
        books,
        Visit(
            visit_token=token,
            patient_token=PATIENT,
            practice_id="P1",
            provider_id="D1",
            service_code="90837",
            place_of_service="10",
            scheduled_start=now,
            scheduled_end=now + timedelta(minutes=50),
            charge_cents=15_000,
            state_changed_at=now,
        ),
        Deed("book", Actor.STAFF, now),
    )
    visits.advance(books, token, State.STARTED, Deed("start", Actor.PROVIDER, now))
    visits.advance(books, token, State.COMPLETED, Deed("end", Actor.PROVIDER, now + timedelta(minutes=50)))
    row = books.execute("select operation from ledger.outbox where visit_token = %s", (token,)).fetchone()
    assert row == (MeterVisit.operation,)


def invoice(quantity: int, **fields: Any) -> dict[str, Any]:
    """Return the draft of a subscription's period, with a metered line."""
    line = {"id": "il_1", "amount": 7_500 * quantity, "quantity": quantity}
    line["pricing"] = {"type": "price_details", "price_details": {"price": "price_2", "product": "prod_1"}}
    return {
        "id": "in_12345678",
        "object": "invoice",
        "auto_advance": True,
        "created": CREATED,
        "currency": "usd",
        "customer": CUSTOMER,
        "lines": {"object": "list", "data": [line]},
        "metadata": {},
        "parent": {"type": "subscription_details", "subscription_details": {"subscription": "sub_12345678"}},
        "period_start": CREATED - 30 * 86_400,
        "period_end": CREATED,
        "status": "draft",
        "total": 7_500 * quantity,
        **fields,
    }
