"""The loop of a visit's money: booked, completed, charged, adjudicated, credited, level; then all of it once more."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from ledger.gateways.stripe_gateway import StripeGateway
from ledger.rules.visit import Actor, State
from ledger.settings import Settings
from ledger.store import customers, visits
from ledger.store.database import Database, connect
from ledger.store.visits import Deed, Visit
from orchestration import planning
from sandbox.stripe.serving import Sandbox, served
from tests.support.command_line import environment, trueup
from tests.support.command_line import visits as visits_file
from tests.support.remittance_writer import Claim, Line, Payment, interchange
from tests.support.stripe_sandbox import client_of
from tests.support.webhooks import SECRETS, portal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import psycopg

    from ledger.rules.sending import Decision

HELD_HERE = UUID(int=0xA, version=4)
ELSEWHERE = UUID(int=1, version=4)  # the first of `visits_file`: 150.00, self-pay, practice P1
PATIENT = UUID(int=0xF, version=4)
CLAIM = "7QKMV3D8X0TB5RHGY"
START = datetime(2026, 9, 3, 15, 0, tzinfo=UTC)
AS_OF = "2026-11-01"
ALLOWED_100_PAID_75 = Line("99213", 15_000, 7_500, ("95",), (("CO", "45", 5_000), ("PR", "2", 2_500)), on=START.date())
REMITTANCE = interchange(
    (Payment("LOOP1", (Claim(CLAIM, 15_000, 7_500, 2_500, lines=(ALLOWED_100_PAID_75,)),), paid_on=date(2026, 9, 20)),)
)


@dataclass
class Practice:
    """A practice with its portal, its Stripe account and its command line."""

    stripe: Sandbox
    env: dict[str, str]
    books: psycopg.Connection

    def run(self, *words: object, code: int = 0) -> Any:
        """Run a command and return what it says to a machine."""
        finished = trueup(*words, "--json", env=self.env)
        assert finished.returncode == code, finished.stderr
        return json.loads(finished.stdout)

    def hear(self) -> int:
        """Wait until every webhook has arrived; return how many were taken in all."""
        counted = self.stripe.control.drain()
        assert (counted["waiting"], counted["refused"]) == (0, 0)
        return int(counted["taken"])

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return Stripe's objects of a kind."""
        return [made for made in self.stripe.control.objects() if made["object"] == kind]

    def rows(self, query: str) -> list[Any]:
        """Return what the database has."""
        return self.books.execute(query.encode()).fetchall()


@pytest.fixture(name="practice")
def _practice(database: Database, tmp_path: Path) -> Iterator[Practice]:
    settings = Settings(home=tmp_path, database_url=database.url, webhook_secrets=SECRETS)
    with (
        portal(settings, database) as door,
        served() as stripe,
        contextlib.closing(connect(database, autocommit=True)) as books,
    ):
        stripe.control.clock(now=int(time.time()) - 3_600)  # what happened is an hour ago: no more of it is on its way
        stripe.control.endpoint(f"{door}/webhooks/stripe/payments", SECRETS["payments"])
        key = {"TRUEUP_STRIPE_KEY": "sk_test_x", "TRUEUP_STRIPE_URL": stripe.url, "TRUEUP_CREDIT_EXCESS": "refund"}
        yield Practice(stripe, environment(tmp_path / "home", database.url, **key), books)


def hold_a_visit(practice: Practice) -> str:
    """Put a card on file, then book, start and complete a visit, as the portal does; return the customer at Stripe."""
    gateway = StripeGateway("sk_test_x", practice.stripe.url)
    customer = gateway.create_customer(PATIENT)
    with practice.books.transaction():
        customers.keep(practice.books, PATIENT, "P1", customer)
    setup, _ = gateway.create_setup_intent(customer, UUID(int=0xE, version=4))
    client_of(practice.stripe).v1.setup_intents.confirm(setup, {"payment_method": "pm_card_visa"})
    practice.hear()
    visit = Visit(
        visit_token=HELD_HERE,
        patient_token=PATIENT,
        practice_id="P1",
        provider_id="D1",
        service_category=1,
        service_code="99213",
        modifiers="95",
        place_of_service="10",
        scheduled_start=START,
        scheduled_end=START + timedelta(minutes=30),
        charge_cents=15_000,
        payer_id="12345",
        patient_estimate_cents=4_000,
        claim_ref=CLAIM,
        state_changed_at=START,
    )
    with practice.books.transaction():
        visits.book(practice.books, visit, Deed("book", Actor.STAFF, START - timedelta(days=1)))
        visits.advance(practice.books, HELD_HERE, State.STARTED, Deed("start", Actor.PROVIDER, START))
        end = Deed("end", Actor.PROVIDER, START + timedelta(minutes=30))
        visits.advance(practice.books, HELD_HERE, State.COMPLETED, end)
    return customer


@pytest.mark.timeout(600)
def test_a_visit_s_money_goes_round_once(practice: Practice, tmp_path: Path) -> None:
    customer = hold_a_visit(practice)
    (charged,) = practice.run("send")["delivered"]
    assert (charged["operation"], charged["state"], charged["facts"]["paid_cents"]) == ("charge_visit", "done", 4_000)
    another_system_charges(practice, customer, tmp_path)
    (tmp_path / "remit.835").write_bytes(REMITTANCE)
    assert practice.run("load", "era", tmp_path / "remit.835")["rows"] == 1
    assert practice.hear() > 10
    assert practice.run("webhooks", "sweep")["read_again"] > 0  # made and paid within a second
    assert practice.run("reconcile", "--as-of", AS_OF)["memos"] == 2
    assert practice.rows("select visit_token, kind, amount_cents, posting_status from marts.memos order by 3") == [
        (HELD_HERE, "credit", 1_500, "pending"),
        (ELSEWHERE, "credit", 5_000, "pending"),
    ]
    what_the_books_have_not_got_holds_a_memo(practice)

    calls = len(practice.stripe.control.requests())
    shown = practice.run("send", "--dry-run")
    assert shown["queued"] == {"credit_memo": {"count": 2, "amount_cents": 6_500}}
    assert {row["operation"] for row in shown["due"]} == {"credit_invoice", "credit_balance"}
    assert len(practice.stripe.control.requests()) == calls
    sent = practice.run("send")
    assert {each["operation"]: each["state"] for each in sent["delivered"]} == {
        "credit_invoice": "done",
        "credit_balance": "done",
    }
    (note,) = practice.of("credit_note")
    assert (note["amount"], note["post_payment_amount"], note["effective_at"]) == (1_500, 1_500, issued_at(practice))
    (credit,) = [made for made in practice.of("customer_balance_transaction") if made["type"] == "adjustment"]
    assert (credit["amount"], credit["customer"]) == (-5_000, customer)
    practice.hear()
    assert practice.run("status")["last_run"]["is_behind"] is True
    # A second system reads Stripe by itself: the same payments, told twice, are counted once.
    assert practice.run("load", "stripe", "--live")["rows"] > 0
    assert practice.run("reconcile", "--as-of", AS_OF)["memos"] == 0
    assert level(practice) == LEVEL
    nothing_moves(practice, tmp_path)


LEVEL = [
    (HELD_HERE, 2_500, 4_000, -1_500, 2_500, 0, "posted"),
    (ELSEWHERE, 15_000, 20_000, -5_000, 20_000, -5_000, "posted"),  # what was paid too much stands on its balance
]


def level(practice: Practice) -> list[Any]:
    """Return the books of both visits: target, billed, memos, collected, balance, and the state of the memo."""
    return practice.rows(
        "select visit_token, patient_target_cents, patient_billed_cents, memo_cents, patient_collected_cents,"
        " patient_balance_cents, posting_status from marts.visit_revenue join marts.memos using (visit_token)"
        " order by patient_target_cents"
    )


def another_system_charges(practice: Practice, customer: str, folder: Path) -> None:
    """Have somebody else charge 200.00 for a visit of 150.00, without an invoice: its credit has nothing to lower."""
    paid = {"amount": 20_000, "currency": "usd", "payment_method": "pm_card_visa", "payment_method_types": ["card"]}
    tag = {"customer": customer, "confirm": True, "metadata": {"visit_token": str(ELSEWHERE)}}
    client_of(practice.stripe).v1.payment_intents.create({**paid, **tag})  # type: ignore[typeddict-item] # two dicts
    (folder / "visits.csv").write_text(visits_file(1, 1))
    assert practice.run("load", "visits", folder / "visits.csv")["rows"] == 1


def planned_after(practice: Practice, change: str) -> dict[UUID, Decision]:
    """Return what would be sent for each visit if something were otherwise; nothing stays changed."""
    with practice.books.transaction(force_rollback=True):
        practice.books.execute(change.encode())
        found = planning.plan(practice.books, date.fromisoformat(AS_OF))
        return {each.visit_token: each.decision for each in found}


def what_the_books_have_not_got_holds_a_memo(practice: Practice) -> None:
    """By an old sum nothing leaves for a visit that a webhook told of, or whose charge is late; the other goes on."""
    for late, why in {
        "update ledger.inbox set is_landed = false where event_type = 'invoice.paid'": "reconcile first",
        "delete from staging.stg_stripe__objects where object_type = 'invoice'": "would ask twice",
    }.items():
        found = planned_after(practice, late)
        assert (found[HELD_HERE].action, why in found[HELD_HERE].why) == ("blocked", True)
        assert (found[ELSEWHERE].action, found[ELSEWHERE].amount_cents) == ("credit_memo", 5_000)


def issued_at(practice: Practice) -> int:
    """Return when the memo of the visit held here was issued: the date its credit note bears."""
    ((at,),) = practice.rows("select issued_at from marts.memos order by amount_cents limit 1")
    return int(at.timestamp())


def nothing_moves(practice: Practice, folder: Path) -> None:
    """Let the same remittance and every webhook come again, and send and reconcile again."""
    before = [made for made in practice.stripe.control.objects() if made["object"] != "event"]
    (again,) = practice.run("load", "era", folder / "remit.835")["files"]
    assert again["already_loaded"] is True
    told = practice.rows("select count(*) from ledger.inbox")
    for event in practice.of("event"):
        practice.stripe.control.redeliver(event["id"], copies=2)
    practice.hear()
    assert practice.rows("select count(*) from ledger.inbox") == told
    sent = practice.run("send")
    assert (sent["queued"], sent["delivered"], sent["held"]) == ({}, [], [])
    assert practice.run("reconcile", "--as-of", AS_OF)["nothing_new"] is True
    assert [made for made in practice.stripe.control.objects() if made["object"] != "event"] == before
    assert level(practice) == LEVEL
