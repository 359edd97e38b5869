"""A database, a small Stripe behind a recording server, and dispatchers between them, for tests of sending."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from ledger.dispatch import Delivered, Dispatcher
from ledger.gateways.stripe_gateway import StripeGateway
from ledger.rules.requests import (
    CancelUsage,
    ChargeVisit,
    CreditBalance,
    CreditInvoice,
    DebitInvoice,
    Excess,
    MeterVisit,
    Request,
)
from ledger.store import outbox
from ledger.store.database import connect
from tests.support.recorder import Recorder, recording
from tests.support.small_stripe import SmallStripe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from ledger.store.database import Database

SENT = [ChargeVisit, DebitInvoice, CreditInvoice, CreditBalance, MeterVisit, CancelUsage]


@dataclass
class Shop:
    """What a test of sending works with; `clock` is the time of our rows and of Stripe alike."""

    database: Database
    stripe: SmallStripe
    recorder: Recorder
    customer: str = ""
    keys: list[str] = field(default_factory=list)

    def now(self) -> datetime:
        return self.stripe.now

    def later(self, **passed: float) -> None:
        """Let time pass, for us and for Stripe."""
        self.stripe.now += timedelta(**passed)

    def dispatcher(self) -> Dispatcher:
        """Return a dispatcher of its own, as another process would have one."""
        return Dispatcher(self.database, StripeGateway("sk_test_x", self.recorder.url, self.now), self.now)

    def put(self, request: Request) -> bool:
        """Queue a request in a transaction of its own, due now."""
        with contextlib.closing(connect(self.database)) as connection:
            made = outbox.put(connection, request, "p1", self.now())
            connection.commit()
        self.keys += [request.business_key] if made else []
        return made is not None

    def deliver(self) -> list[Delivered]:
        """Deliver all that is due."""
        return list(self.dispatcher().deliver_due())

    def states(self) -> list[str]:
        """Return the state of every row that was put here, in the order of putting."""
        with contextlib.closing(connect(self.database)) as connection:
            rows = connection.execute("select business_key, state from ledger.outbox").fetchall()
        return [dict(rows)[key] for key in self.keys]

    def a(self, kind: type[Request], cents: int = 4200, excess: Excess = Excess.BALANCE) -> Request:
        """Return a request of a kind that Stripe can fulfil: the invoice to credit stands, paid, the usage is sent."""
        visit, memo = uuid4(), uuid4()
        if kind is ChargeVisit:
            return ChargeVisit(visit, self.customer, cents, None, "10")
        if kind is MeterVisit:
            return MeterVisit(visit, self.customer, "visit_category_1", self.now())
        if kind is DebitInvoice:
            return DebitInvoice(visit, memo, self.customer, cents, self.now())
        if kind is CreditBalance:
            return CreditBalance(visit, memo, self.customer, cents)
        if kind is CancelUsage:
            self.put(MeterVisit(visit, self.customer, "visit_category_1", self.now()))
            self.deliver()
            return CancelUsage(visit, "visit_category_1")
        self.put(ChargeVisit(visit, self.customer, 5000))
        self.deliver()
        return CreditInvoice(visit, memo, self.stripe.of("invoice")[0]["id"], cents, self.now(), excess)

    def effects(self) -> dict[str, object]:
        """Return what Stripe did in all, as amounts: what a second effect of anything would change."""
        finalised = [made for made in self.stripe.of("invoice") if made["status"] != "draft"]
        return {
            "charged": sum(self.stripe.charges),
            "asked": sum(made["total"] for made in finalised),
            "invoices": len(finalised),
            "credited": sum(made["amount"] for made in self.stripe.of("credit_note")),
            "balance": sum(made["amount"] for made in self.stripe.of("customer_balance_transaction")),
            "usage": sorted(event["identifier"] for event in self.stripe.usage),
        }


@contextlib.contextmanager
def shop(database: Database) -> Iterator[Shop]:
    """Open for business with one customer, who has a card; what earlier tests left in the outbox is put away."""
    with contextlib.closing(connect(database, autocommit=True)) as connection:
        connection.execute("update ledger.outbox set state = 'refused' where state in ('pending', 'unknown')")
    stripe = SmallStripe()
    with recording(stripe.answer) as recorder:
        opened = Shop(database, stripe, recorder)
        opened.customer = StripeGateway("sk_test_x", recorder.url).create_customer(uuid4())
        yield opened
