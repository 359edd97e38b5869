"""A practice, its books and Stripe's stand-in with one clock and webhooks over HTTP: for tests of collecting."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from ledger.dispatch import Delivered, Dispatcher
from ledger.gateways.stripe_gateway import StripeGateway
from ledger.rules.visit import Actor, State
from ledger.settings import Settings
from ledger.store import customers, demands, notices, visits, worklist
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
    from ledger.store.demands import Demand
    from ledger.store.notices import Notice
    from ledger.store.worklist import Item


@dataclass(frozen=True)
class Patient:
    """A patient, the customer they are, and the card they began with."""

    token: UUID
    customer: str
    card: str | None


@dataclass(frozen=True)
class Practice:
    """What a test works with; the clock of the sandbox is everybody's."""

    database: Database
    sandbox: Sandbox
    gateway: StripeGateway
    client: stripe.StripeClient
    name: str

    def now(self) -> datetime:
        """Return the time: of our rows, of Stripe and of the patients."""
        return datetime.fromtimestamp(self.sandbox.control.clock()["now"], UTC)

    def later(self, **passed: float) -> None:
        """Let time pass, with all that falls due at Stripe, until its webhooks are in."""
        self.sandbox.control.clock(advance=int(timedelta(**passed).total_seconds()))
        self.told()

    def told(self) -> None:
        """Wait until no webhook is under way."""
        counts = self.sandbox.control.drain()
        assert not counts.get("waiting"), counts

    @contextlib.contextmanager
    def books(self) -> Iterator[psycopg.Connection]:
        """Give a connection whose work is committed."""
        with contextlib.closing(connect(self.database)) as connection:
            yield connection
            connection.commit()

    def patient(self, card: str | None = "pm_card_visa", *outcomes: str) -> Patient:
        """Have a patient come, with a test card; `outcomes` are what its next charges end in."""
        token = uuid4()
        customer = self.gateway.create_customer(token)
        with self.books() as connection:
            customers.keep(connection, token, self.name, customer)
        return Patient(token, customer, self.new_card(customer, card, *outcomes) if card else None)

    def new_card(self, customer: str, card: str = "pm_card_visa", *outcomes: str) -> str:
        """Put a card on file, as the card form does, a minute later."""
        self.later(minutes=1)
        saved = self.client.v1.payment_methods.attach(card, {"customer": customer}).id
        if outcomes:
            self.sandbox.control.card(saved, list(outcomes))
        self.told()
        return saved

    def visit(self, patient: Patient, end: State = State.COMPLETED, cents: int = 12_000, **more: Any) -> UUID:
        """Hold a visit of an hour, over now, and deliver what follows; with other times it is booked only."""
        token = self.held(patient, end, cents, **more)
        self.deliver()
        return token

    def held(self, patient: Patient, end: State = State.COMPLETED, cents: int = 12_000, **more: Any) -> UUID:
        """Hold a visit; what follows waits in the outbox."""
        token, now = uuid4(), self.now()
        booked = Visit(
            visit_token=token,
            patient_token=patient.token,
            practice_id=self.name,
            provider_id="d1",
            service_category=1,
            service_code="90837",
            place_of_service="10",
            scheduled_start=now - timedelta(hours=1),
            scheduled_end=now,
            charge_cents=cents,
            state_changed_at=now,
        )
        with self.books() as connection:
            visits.book(connection, dataclasses.replace(booked, **more), self.deed(token, "book", hours=-48))
            if not more:
                visits.advance(connection, token, State.STARTED, self.deed(token, "start", hours=-1))
                visits.advance(connection, token, end, self.deed(token, "end"))
        return token

    def deed(self, visit: UUID, what: str, hours: float = 0) -> Deed:
        """Return a deed of staff, so many hours from now."""
        return Deed(f"{visit}/{what}", Actor.STAFF, self.now() + timedelta(hours=hours), "as it was")

    def dispatcher(self) -> Dispatcher:
        """Return a dispatcher between the books and Stripe."""
        return Dispatcher(self.database, self.gateway, self.now)

    def deliver(self) -> list[Delivered]:
        """Deliver what is due, and wait for what Stripe tells of it."""
        done = list(self.dispatcher().deliver_all(1))
        self.told()
        return done

    def invoice(self, visit: UUID) -> dict[str, Any]:
        """Return the one invoice of a visit, as Stripe has it."""
        found = [
            each
            for each in self.sandbox.control.objects()
            if each["object"] == "invoice" and each["metadata"].get("visit_token") == str(visit)
        ]
        assert len(found) == 1
        return found[0]

    def demand(self, visit: UUID) -> Demand:
        """Return where the demand of a visit stands."""
        with self.books() as connection:
            found = demands.of_invoice(connection, self.invoice(visit)["id"])
        assert found is not None
        return found

    def items(self, visit: UUID, *, resolved_too: bool = False) -> list[Item]:
        """Return the rows of the worklist about a visit."""
        with self.books() as connection:
            rows = worklist.listed(connection, resolved_too=resolved_too)
        return [row for row in rows if row.visit_token == visit]

    def notices(self, patient: Patient, *, all_: bool = False) -> list[Notice]:
        """Return what a patient is to be told."""
        with self.books() as connection:
            return [each for each in notices.listed(connection, all_=all_) if each.patient_token == patient.token]

    def mail(self, patient: Patient) -> list[str]:
        """Send what may go out now, as the door that has addresses does; return what the patient was told."""
        told = []
        with self.books() as connection:
            while notice := notices.claim(connection, self.now()):
                notices.sent(connection, notice, self.now())
                told += [notice.kind] if notice.patient_token == patient.token else []
        return told


@contextlib.contextmanager
def practice(database: Database, home: Path) -> Iterator[Practice]:
    """Open a practice on a Tuesday at noon, with webhooks that reach its portal."""
    settings = Settings(home=home, database_url=database.url, webhook_secrets=SECRETS)
    with portal(settings, database) as door, served() as sandbox:
        noon = datetime.fromtimestamp(time.time() + 86_400, UTC).replace(hour=12, minute=0, second=0)
        while noon.weekday() != 1:
            noon += timedelta(days=1)
        sandbox.control.clock(now=int(noon.timestamp()), stopped=True)
        sandbox.control.endpoint(f"{door}/webhooks/stripe/payments", SECRETS["payments"])
        opened = Practice(
            database,
            sandbox,
            StripeGateway(
                "sk_test_x", sandbox.url, lambda: datetime.fromtimestamp(sandbox.control.clock()["now"], UTC)
            ),
            client_of(sandbox),
            "p1",
        )
        yield opened
