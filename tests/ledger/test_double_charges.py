"""The double charges that others shipped, replayed from the visit to the card: each patient is charged once.

That a charge told twice (Ottehr 8828), or read from Stripe by a second system beside its webhooks (Ottehr 3737, 7208),
is collected once in the books is in tests/e2e/test_the_loop.py; what two charges of one visit come to is a leak
(duplicate_charge).
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from ledger.rules.requests import ChargeVisit, DebitInvoice, MeterVisit
from ledger.rules.sending import Channel
from ledger.rules.stripe_events import Event, read
from ledger.rules.visit import Actor, NotAllowed, State
from ledger.store import customers, inbox, outbox, visits
from ledger.store.database import Database, connect
from ledger.store.inbox import Received
from ledger.store.visits import Deed, Visit
from tests.support import dispatcher_child
from tests.support.sending import Shop, shop
from tests.support.subscribed import as_subscriber
from tests.support.webhooks import event

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


@pytest.fixture
def opened(database: Database) -> Iterator[Shop]:
    with shop(database) as made:
        made.later(hours=1)  # a close-out queues by the clock of the database, which does not stand still
        yield made


def started(opened: Shop, practice: str = "p1") -> UUID:
    """Book and start a visit of a new patient, who is the customer of the shop and has a card."""
    token, patient, now = uuid4(), uuid4(), opened.now()
    visit = Visit(
        visit_token=token,
        patient_token=patient,
        practice_id=practice,
        provider_id="d1",
        service_code="90837",
        place_of_service="10",
        scheduled_start=now - timedelta(minutes=60),
        scheduled_end=now - timedelta(minutes=10),
        charge_cents=15_000,
        state_changed_at=now,
    )
    customer = opened.dispatcher().sender.create_customer(patient)
    with contextlib.closing(connect(opened.database)) as connection:
        customers.keep(connection, patient, practice, customer)
        visits.book(connection, visit, Deed(f"{token}/book", Actor.STAFF, now - timedelta(days=1)))
        start = Deed(f"{token}/start", Actor.PROVIDER, now - timedelta(minutes=60))
        visits.advance(connection, token, State.STARTED, start)
        connection.commit()
    return token


def complete(opened: Shop, visit: UUID, key: str, actor: Actor = Actor.PROVIDER) -> bool:
    """Report a visit as completed, as one system would; tell whether that was allowed."""
    with contextlib.closing(connect(opened.database)) as connection:
        try:
            visits.advance(connection, visit, State.COMPLETED, Deed(key, actor, opened.now()))
        except NotAllowed:
            return False
        connection.commit()
        return True


def test_one_click_that_arrives_twice_at_once(opened: Shop) -> None:
    """Ottehr 4156: one click, charged twice. Both requests run at the same time, and two dispatchers after them."""
    visit = started(opened)
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda _: complete(opened, visit, f"{visit}/click"), range(2))) == [True, True]
        list(pool.map(lambda _: opened.deliver(), range(2)))
    assert opened.stripe.charges == [15_000]
    assert len(opened.stripe.of("invoice")) == 1


def test_the_record_and_the_billing_system_both_report_the_visit(opened: Shop) -> None:
    """Ottehr 3737, 7208: two systems report one visit. Each under its own key, at once; then one of them by itself."""
    visit = started(opened)
    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(lambda system: complete(opened, visit, f"{visit}/{system}"), ("ehr", "rcm")))
    assert sorted(told) == [False, True]
    opened.deliver()
    assert not complete(opened, visit, f"{visit}/rcm again", Actor.SYSTEM)
    assert not opened.put(ChargeVisit(visit, opened.customer, 15_000))
    assert opened.deliver() == []
    assert opened.stripe.charges == [15_000]


def heard(opened: Shop, told: list[tuple[str, Event]]) -> list[Received]:
    """Take webhooks in at one moment, each by a connection of its own, as the door does."""
    at_once = threading.Barrier(len(told))

    def take(one: tuple[str, Event]) -> Received:
        with contextlib.closing(connect(opened.database)) as connection:
            at_once.wait()
            received = inbox.receive(connection, *one)
            connection.commit()
            return received

    with ThreadPoolExecutor(len(told)) as pool:
        return list(pool.map(take, told))


def payment_of(opened: Shop, visit: UUID) -> list[Event]:
    """Return what Stripe tells of the payment of a visit: three events, of its invoice, its intent and its charge."""
    (invoice,) = opened.stripe.of("invoice")
    tags = {"currency": "usd", "metadata": {"visit_token": str(visit)}, "created": invoice["created"]}
    paid = {"amount": invoice["total"], "status": "succeeded", "customer": invoice["customer"]}
    return [
        read(event(1, invoice | tags, type="invoice.paid")),
        read(event(2, {"id": "pi_1", "object": "payment_intent", **tags, **paid}, type="payment_intent.succeeded")),
        read(event(3, {"id": "ch_1", "object": "charge", **tags, **paid}, type="charge.succeeded")),
    ]


def test_two_webhooks_of_one_payment_at_once(opened: Shop) -> None:
    """Lago 3223, 3228: racing webhooks recorded one payment twice. Every object is one row, and none asks for more."""
    visit = started(opened)
    assert complete(opened, visit, f"{visit}/done")
    opened.deliver()
    told = payment_of(opened, visit)
    received = heard(opened, [("payments", each) for each in told * 4])
    assert sorted(received) == [Received.KNOWN] * 9 + [Received.NEW] * 3
    with contextlib.closing(connect(opened.database)) as connection:
        kept = connection.execute("select object_type from ledger.stripe_object order by 1").fetchall()
        asked = connection.execute("select operation from ledger.outbox where visit_token = %s", (visit,)).fetchall()
    assert kept == [("charge",), ("invoice",), ("payment_intent",)]
    assert asked == [("charge_visit",)]
    assert opened.deliver() == []
    assert opened.stripe.charges == [15_000]


def test_one_event_for_three_organisations(opened: Shop) -> None:
    """Lago 3511: an event was handled once for every endpoint it came by. Each knows it, and it counts once."""
    visit = started(opened)
    assert complete(opened, visit, f"{visit}/done")
    opened.deliver()
    told = payment_of(opened, visit)[2]
    assert set(heard(opened, [(name, told) for name in ("east", "lake", "west")])) == {Received.NEW}
    with contextlib.closing(connect(opened.database)) as connection:
        assert connection.execute("select object_id from ledger.stripe_object").fetchall() == [("ch_1",)]
    assert opened.deliver() == []
    assert opened.stripe.charges == [15_000]


@pytest.mark.parametrize("channel", [Channel.INVOICE, Channel.METER])
def test_one_system_charges_and_the_other_meters(opened: Shop, channel: Channel) -> None:
    """Both channels would bill twice; whichever the close-out fixed, the other finds its place taken."""
    visit = started(opened)
    if channel is Channel.METER:
        with contextlib.closing(connect(opened.database)) as connection:
            found = visits.get(connection, visit)
            assert found is not None
            as_subscriber(connection, found.patient_token, "p1")
            connection.commit()
    assert complete(opened, visit, f"{visit}/done")
    assert not opened.put(ChargeVisit(visit, opened.customer, 15_000))
    assert not opened.put(MeterVisit(visit, opened.customer, "visit_category_1", opened.now()))
    opened.deliver()
    assert not opened.put(ChargeVisit(visit, opened.customer, 15_000))
    assert not opened.put(MeterVisit(visit, opened.customer, "visit_category_1", opened.now()))
    opened.deliver()
    assert (len(opened.stripe.charges), len(opened.stripe.usage)) == ((1, 0) if channel is Channel.INVOICE else (0, 1))


def test_a_card_without_money_is_not_charged_by_another_way(opened: Shop) -> None:
    """Lago 5547: an invoice that waits for its retries is one demand; a second would be paid beside it."""
    visit = started(opened)
    with contextlib.closing(connect(opened.database)) as connection:
        found = visits.get(connection, visit)
        assert found is not None
        customer = customers.of_patient(connection, found.patient_token)
    assert customer is not None
    opened.stripe.declines[customer.stripe_customer_id] = "insufficient_funds"
    assert complete(opened, visit, f"{visit}/done")
    assert [each.outcome.state for each in opened.deliver()] == ["declined"]
    assert not opened.put(MeterVisit(visit, customer.stripe_customer_id, "visit_category_1", opened.now()))
    assert not opened.put(ChargeVisit(visit, customer.stripe_customer_id, 15_000))
    opened.later(days=3)
    assert opened.deliver() == []
    assert len(opened.stripe.of("invoice")) == 1


@pytest.mark.parametrize("days", [2, 40, 730])
def test_a_key_that_stripe_has_forgotten(opened: Shop, days: int) -> None:
    """The charge went through, the process died before it heard; the next one comes when every key is forgotten."""
    visit = started(opened)
    assert complete(opened, visit, f"{visit}/done")
    arguments = [opened.database.url, opened.recorder.url, opened.now().isoformat(), "called"]
    child = subprocess.run([sys.executable, "-m", dispatcher_child.__name__, *arguments], cwd=ROOT, check=False)
    assert child.returncode == -signal.SIGKILL
    assert opened.stripe.charges == [15_000]
    opened.later(days=days)
    assert [each.outcome.state for each in opened.deliver()] == ["done"]
    assert not opened.put(ChargeVisit(visit, opened.customer, 15_000))
    assert opened.stripe.charges == [15_000]
    assert len(opened.stripe.of("invoice")) == 1


def test_a_backfill_two_years_later(opened: Shop) -> None:
    """The same memos and usage are queued again from the same books: nothing of it is new."""
    sent = [opened.a(DebitInvoice), opened.a(MeterVisit), opened.a(ChargeVisit)]
    assert all(map(opened.put, sent))
    opened.deliver()
    once, calls = opened.effects(), len(opened.recorder.received)
    opened.later(days=730)
    assert not any(map(opened.put, sent))
    assert opened.deliver() == []
    assert opened.effects() == once
    assert opened.recorder.received[calls:] == []


def test_a_session_that_merely_starts_or_is_abandoned_sends_nothing(opened: Shop) -> None:
    visit = started(opened)
    calls = len(opened.recorder.received)
    assert opened.deliver() == []
    with contextlib.closing(connect(opened.database)) as connection:
        visits.advance(
            connection, visit, State.ABANDONED, Deed(f"{visit}/left", Actor.SYSTEM, opened.now(), "nobody came back")
        )
        connection.commit()
        assert connection.execute("select count(*) from ledger.outbox where visit_token = %s", (visit,)).fetchone() == (
            0,
        )
    assert opened.deliver() == []
    assert opened.recorder.received[calls:] == []


def test_a_visit_that_is_disputed_before_its_charge_leaves_is_not_charged_while_that_lasts(opened: Shop) -> None:
    visit = started(opened)
    assert complete(opened, visit, f"{visit}/done")
    for state, amounts in ((State.DISPUTED, []), (State.COMPLETED, [15_000])):
        with contextlib.closing(connect(opened.database)) as connection:
            visits.advance(connection, visit, state, Deed(f"{visit}/{state}", Actor.STAFF, opened.now(), "was here"))
            connection.commit()
            assert len(outbox.due(connection, opened.now())) == len(amounts)
        assert len(opened.deliver()) == len(amounts)
        assert opened.stripe.charges == amounts


def test_what_is_queued_goes_with_the_close_out_or_not_at_all(opened: Shop) -> None:
    """A close-out that is rolled back has queued nothing."""
    visit = started(opened)
    with contextlib.closing(connect(opened.database)) as connection:
        visits.advance(connection, visit, State.COMPLETED, Deed(f"{visit}/lost", Actor.PROVIDER, opened.now()))
        connection.rollback()
        assert outbox.due(connection, opened.now() + timedelta(days=1)) == []
    assert opened.deliver() == []
