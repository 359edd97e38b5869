"""A practice with subscribers at a Stripe sandbox: its database, the portal that takes webhooks, passing time."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from ledger.dispatch import Delivered, Dispatcher
from ledger.gateways.stripe_gateway import StripeGateway
from ledger.rules.plan import Plan
from ledger.rules.visit import Actor, State
from ledger.settings import Settings
from ledger.store import customers, reviews, subscriptions, visits
from ledger.store.database import connect
from ledger.store.visits import Deed, Visit
from sandbox.stripe.serving import Sandbox, served
from tests.support.stripe_sandbox import client_of
from tests.support.webhooks import SECRETS, portal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import psycopg
    import stripe

    from ledger.store.database import Database

# Psychotherapy (90837) is category 2, an established patient's visit (99213) category 5.
PLAN = Plan(4_900, {2: 7_500, 5: 9_000})


@dataclass(frozen=True)
class Member:
    """A patient and the customer they are."""

    patient: UUID
    customer: str


@dataclass
class Club:
    """The practice `p1`; `books` is a connection of the test's own, which commits by itself."""

    database: Database
    sandbox: Sandbox
    client: stripe.StripeClient
    books: psycopg.Connection

    @property
    def gateway(self) -> StripeGateway:
        return StripeGateway("sk_test_x", self.sandbox.url)

    def patient(self, card: str | None = "pm_card_visa", practice: str = "p1") -> Member:
        """Return a new patient of the practice with a card on file."""
        member = Member(uuid4(), "")
        member = replace(member, customer=self.gateway.create_customer(member.patient))
        if card:
            method = self.client.v1.payment_methods.attach(card, {"customer": member.customer}).id
            self.gateway.choose_card(member.customer, method, uuid4())
        customers.keep(self.books, member.patient, practice, member.customer)
        return member

    def member(self) -> Member:
        """Return a new patient who has subscribed."""
        member = self.patient()
        assert subscriptions.subscribe(self.books, member.patient)
        assert "done" in [each.outcome.state for each in self.deliver() if each.operation == "subscribe"]
        return member

    def visit(self, member: Member, service_code: str = "90837", ago: timedelta = timedelta(), **more: Any) -> UUID:
        """Hold a visit that ended so long ago, complete; return its token."""
        now, token = self.now() - ago, uuid4()
        booked = Visit(
            visit_token=token,
            patient_token=member.patient,
            practice_id="p1",
            provider_id="d1",
            service_code=service_code,
            place_of_service="10",
            scheduled_start=now - timedelta(minutes=50),
            scheduled_end=now,
            charge_cents=15_000,
            state_changed_at=now,
        )
        with self.books.transaction():
            book = Deed(f"{token}/book", Actor.STAFF, now - timedelta(days=1))
            visits.book(self.books, replace(booked, **more), book)
            start = Deed(f"{token}/start", Actor.PROVIDER, now - timedelta(minutes=50))
            visits.advance(self.books, token, State.STARTED, start)
            visits.advance(self.books, token, State.COMPLETED, Deed(f"{token}/end", Actor.PROVIDER, now))
        return token

    def now(self) -> datetime:
        """Return the time at Stripe."""
        return datetime.fromtimestamp(self.sandbox.control.clock()["now"], UTC)

    def pass_time(self, **passed: float) -> None:
        """Let time pass at Stripe, and have all its webhooks taken in."""
        self.sandbox.control.clock(advance=int(timedelta(**passed).total_seconds()))
        self.webhooks()

    def webhooks(self) -> None:
        """Wait until every webhook is taken in."""
        assert self.sandbox.control.drain(60)["waiting"] == 0

    def end_the_period(self, member: Member) -> None:
        """Let time pass until the subscription's period is over, which makes the draft of its invoice."""
        (subscription,) = self.subscriptions(member)
        end = subscription["items"]["data"][0]["current_period_end"]
        self.pass_time(seconds=end - self.now().timestamp())
        self.pass_time(seconds=2)  # what follows is not of the second in which the draft was made

    def deliver(self) -> list[Delivered]:
        """Deliver all that is due at Stripe's time, and have the webhooks of it taken in."""
        # What is queued by the database's clock is due: Stripe's has no fractions of a second.
        dispatcher = Dispatcher(self.database, self.gateway, lambda: self.now() + timedelta(seconds=2))
        delivered = list(dispatcher.deliver_due())
        self.webhooks()
        return delivered

    def subscriptions(self, member: Member) -> list[dict[str, Any]]:
        """Return the subscriptions of a patient at Stripe."""
        return [made.to_dict() for made in self.client.v1.subscriptions.list({"customer": member.customer}).data]

    def invoice(self, member: Member) -> dict[str, Any]:
        """Return the newest invoice of a patient, as it is now."""
        newest = self.client.v1.invoices.list({"customer": member.customer}).data[0]
        return self.client.v1.invoices.retrieve(str(newest.id)).to_dict()

    def outbox(self, operation: str) -> list[str]:
        """Return the states of the rows of an operation."""
        rows = self.books.execute("select state from ledger.outbox where operation = %s order by 1", (operation,))
        return [row[0] for row in rows]


@contextlib.contextmanager
def club(database: Database, home: Path) -> Iterator[Club]:
    """Open a practice that has a plan, at a sandbox whose webhooks reach its portal."""
    settings = Settings(home=home, webhook_secrets=SECRETS)
    with (
        served() as sandbox,
        portal(settings, database) as address,
        contextlib.closing(connect(database, autocommit=True)) as books,
    ):
        sandbox.control.endpoint(f"{address}/webhooks/stripe/payments", SECRETS["payments"])
        subscriptions.set_plan(books, "p1", PLAN)
        yield Club(database, sandbox, client_of(sandbox), books)


def metered(invoice: dict[str, Any]) -> dict[int, int]:
    """Return the quantities of an invoice's lines by amount of one."""
    lines = [line for line in invoice["lines"]["data"] if line["quantity"]]
    return {line["amount"] // line["quantity"]: line["quantity"] for line in lines}


def review_of(opened: Club, invoice: dict[str, Any], *, settled_too: bool = True) -> reviews.Review | None:
    """Return the review of an invoice, None where there is none."""
    found = reviews.reviews(opened.books, settled_too=settled_too)
    return next((each for each in found if each.invoice_id == invoice["id"]), None)


def as_subscriber(connection: psycopg.Connection, patient: UUID, practice: str, plan: Plan = PLAN) -> None:
    """Make a patient who is a customer a subscriber, as if Stripe had said so long ago."""
    subscriptions.set_plan(connection, practice, plan)
    assert subscriptions.subscribe(connection, patient)
    connection.execute(
        "update ledger.outbox set state = 'done', attempts = 1, outcome = jsonb_build_object("
        "'outcome', 'done', 'object_id', 'sub_' || replace(outbox_id::text, '-', ''),"
        " 'facts', jsonb_build_object('started_at', 1000000000))"
        " where operation = 'subscribe' and state = 'pending'"
    )
