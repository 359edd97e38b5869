"""What webhooks did not bring is fetched: events never taken in, and objects of which two events share a second."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ledger.gateways.stripe_listing import StripeListing
from ledger.rules.stripe_events import object_sha256, of_document
from ledger.store import inbox
from ledger.store.database import connect
from ledger.sweep import Swept, sweep
from sandbox.stripe.serving import Sandbox, served
from tests.support.stripe_sandbox import client_of, events, pay

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from ledger.store.database import Database

START = 1_780_000_000
NOWHERE = "http://127.0.0.1:9/"


@pytest.fixture(name="sandbox")
def _sandbox() -> Iterator[Sandbox]:
    with served() as running:
        running.control.clock(now=START, stopped=True)
        yield running


@pytest.fixture(name="books")
def _books(database: Database) -> Iterator[psycopg.Connection]:
    with contextlib.closing(connect(database, autocommit=True)) as connection:
        yield connection


def swept(books: psycopg.Connection, sandbox: Sandbox, *, after: int = 120, undelivered: bool = True) -> Swept:
    """Sweep the last day, so many seconds after what happened."""
    now = datetime.fromtimestamp(START + after, UTC)
    source = StripeListing("sk_test_x", sandbox.url)
    *_, found = sweep(books, source, now - timedelta(days=1), now, undelivered=undelivered)
    return found


def statuses(books: psycopg.Connection) -> set[tuple[str, str]]:
    """Return the statuses that the invoices and their payments stand in."""
    found = books.execute(
        "select distinct object_type, payload ->> 'status' from ledger.stripe_object"
        " where object_type in ('invoice', 'payment_intent', 'invoice_payment', 'setup_intent')"
    )
    return {(row[0], row[1]) for row in found}


def test_events_that_no_endpoint_took_are_taken_in_once(sandbox: Sandbox, books: psycopg.Connection) -> None:
    client_of(sandbox).v1.customers.create({})  # delivered, as far as Stripe knows: nobody wanted it
    sandbox.control.endpoint(NOWHERE, "whsec_x")
    client_of(sandbox).v1.customers.create({})
    pay(sandbox, 1)
    first = swept(books, sandbox)
    assert first.missed[inbox.Received.NEW] == first.events == len(events(sandbox)) - 1
    again = swept(books, sandbox)
    assert (again.events, again.missed) == (first.events, {})
    assert swept(books, sandbox, undelivered=False).missed == {inbox.Received.NEW: 1}
    before = books.execute("select * from ledger.stripe_object order by object_id").fetchall()
    for one in events(sandbox):  # Stripe sends them in the end all the same
        inbox.receive(books, "payments", of_document(one))
    assert books.execute("select * from ledger.stripe_object order by object_id").fetchall() == before


def test_objects_of_which_two_events_share_a_second_are_read_again(sandbox: Sandbox, books: psycopg.Connection) -> None:
    """By the larger hash an open invoice may stand for a paid one: four of them, and some do, whatever their ids."""
    for visit in range(1, 5):
        pay(sandbox, visit)
    client_of(sandbox).v1.setup_intents.create({"payment_method": "pm_card_visa", "confirm": True})
    for one in events(sandbox):
        inbox.receive(books, "payments", of_document(one))
    assert swept(books, sandbox, after=4).read_again == 0  # more may be on its way
    found = swept(books, sandbox)
    assert (found.read_again >= 5, found.unreadable) == (True, 0)
    last = {"invoice": "paid", "payment_intent": "succeeded", "invoice_payment": "paid", "setup_intent": "succeeded"}
    assert statuses(books) == set(last.items())
    assert swept(books, sandbox).read_again == 0
    unlanded = books.execute("select count(*) from ledger.inbox where event_type = 'invoice.read' and not is_landed")
    assert unlanded.fetchone() == (4,)


def test_a_clock_of_ours_that_is_ahead_hides_no_later_event(sandbox: Sandbox, books: psycopg.Connection) -> None:
    pay(sandbox, 1)
    for one in events(sandbox):
        inbox.receive(books, "payments", of_document(one))
    assert swept(books, sandbox, after=3_600).read_again >= 1
    (invoice,) = client_of(sandbox).v1.invoices.list().data
    for after in (1, 2):  # the first ties with the reading, which is seen in turn
        sandbox.control.clock(now=START + after, stopped=True)
        client_of(sandbox).v1.invoices.update(str(invoice.id), {"metadata": {"place_of_service": str(after)}})
        for one in events(sandbox):
            inbox.receive(books, "payments", of_document(one))
        swept(books, sandbox, after=3_600)
        found = books.execute("select object_sha256 from ledger.stripe_object where object_type = 'invoice'")
        stands = StripeListing("sk_test_x", sandbox.url).read("invoice", str(invoice.id))
        assert stands is not None
        assert found.fetchall() == [(object_sha256(stands),)]


def test_an_effect_that_fails_is_a_dead_letter_and_keeps_no_other_out(
    sandbox: Sandbox, books: psycopg.Connection
) -> None:
    sandbox.control.endpoint(NOWHERE, "whsec_x")
    client_of(sandbox).v1.customers.create({})
    pay(sandbox, 1)
    books.execute("alter table ledger.stripe_object add constraint broken check (object_type <> 'charge')")
    found = swept(books, sandbox)
    assert (found.failed, found.missed[inbox.Received.NEW]) == (1, found.events - 1)
    (letter,) = inbox.dead_letters(books)
    assert (letter.endpoint, letter.event_type, letter.reason) == (
        inbox.OWN,
        "charge.succeeded",
        "CheckViolation (broken)",
    )
    assert swept(books, sandbox).failed == 0  # it is known, and waits for a person
