"""Invoices that are compared with the ledger: any order of webhooks, any number of times, the same reviews."""

from __future__ import annotations

import contextlib
import itertools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from ledger.rules.requests import ChargeVisit, MeterVisit
from ledger.rules.stripe_events import read
from ledger.rules.visit import Actor, State
from ledger.store import customers, inbox, outbox, reviews, visits
from ledger.store.database import connect
from ledger.store.visits import Deed, Visit
from tests.support.subscribed import as_subscriber
from tests.support.webhooks import CREATED, event

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from ledger.store.database import Database

PATIENT, CUSTOMER = UUID(int=1, version=4), "cus_ABCDEFGH12"
END = datetime.fromtimestamp(CREATED, UTC)


@pytest.fixture(name="books", scope="module")
def _books(module_database: Database) -> Iterator[psycopg.Connection]:
    """Yield books with a subscriber who had one metered visit an hour before the period ended."""
    with contextlib.closing(connect(module_database, autocommit=True)) as connection:
        customers.keep(connection, PATIENT, "p1", CUSTOMER)
        as_subscriber(connection, PATIENT, "p1")
        connection.execute(
            "update ledger.outbox set outcome = jsonb_set(outcome, '{facts,price_2}', '\"price_2\"')"
            " where operation = 'subscribe'"
        )
        complete(connection, END - timedelta(hours=1))
        yield connection


def complete(books: psycopg.Connection, at: datetime) -> UUID:
    """Hold a visit of category 2 that ends then."""
    token = uuid4()
    visit = Visit(
        visit_token=token,
        patient_token=PATIENT,
        practice_id="p1",
        provider_id="d1",
        service_code="90837",
        place_of_service="10",
        scheduled_start=at - timedelta(minutes=50),
        scheduled_end=at,
        charge_cents=15_000,
        state_changed_at=at,
    )
    visits.book(books, visit, Deed(f"{token}/book", Actor.STAFF, at))
    visits.advance(books, token, State.STARTED, Deed(f"{token}/start", Actor.PROVIDER, at - timedelta(minutes=50)))
    visits.advance(books, token, State.COMPLETED, Deed(f"{token}/end", Actor.PROVIDER, at))
    return token


def version(books: psycopg.Connection, invoice: str, number: int, visits_on_it: int, status: str) -> Any:
    """Return the event of a version of an invoice."""
    row = books.execute("select stripe_subscription_id from ledger.subscriber").fetchone()
    assert row is not None
    line = {"id": "il_1", "amount": 7_500 * visits_on_it, "quantity": visits_on_it}
    line["pricing"] = {"price_details": {"price": "price_2"}}
    carried = {
        "id": invoice,
        "object": "invoice",
        "auto_advance": status == "draft",
        "created": CREATED,
        "currency": "usd",
        "customer": CUSTOMER,
        "lines": {"data": [line]},
        "metadata": {},
        "parent": {"subscription_details": {"subscription": row[0]}},
        "period_start": CREATED - 86_400,
        "period_end": CREATED,
        "status": status,
        "total": 7_500 * visits_on_it,
    }
    return read(event(number, carried, id=f"evt_{invoice}_{number}", type="invoice.updated"))


STORIES = {
    "it went out right": ([(0, "draft"), (1, "draft"), (1, "open")], None),
    "it went out wrong": ([(0, "draft"), (0, "open"), (0, "paid")], (0, 1)),
    "it became wrong": ([(1, "draft"), (2, "open")], (2, 1)),
    "it was right": ([(1, "draft"), (1, "paid")], None),
    "it was voided": ([(1, "draft"), (1, "open"), (1, "void")], None),
}


@pytest.mark.parametrize("story", STORIES)
def test_any_order_of_webhooks_ends_in_the_same_reviews(books: psycopg.Connection, story: str) -> None:
    versions, found = STORIES[story]
    for order in itertools.permutations(enumerate(versions)):
        invoice = f"in_{uuid4().hex}"
        for number, (count, status) in [*order, *order]:
            inbox.receive(books, "payments", version(books, invoice, number, count, status))
        open_ones = [each for each in reviews.reviews(books) if each.invoice_id == invoice]
        counts = [(count.counted, count.completed) for each in open_ones for count in each.counts]
        assert counts == ([found] if found else [])
        held = books.execute("select count(*) from ledger.outbox where arguments ->> 'invoice' = %s", (invoice,))
        assert held.fetchone() in {(0,), (1,)}


def test_what_is_released_stays_released_whatever_comes(books: psycopg.Connection) -> None:
    invoice = f"in_{uuid4().hex}"
    inbox.receive(books, "payments", version(books, invoice, 1, 0, "draft"))
    assert reviews.release(books, invoice, "Bo", "It was looked at.")
    for number, status in enumerate(("draft", "open", "paid"), 2):
        inbox.receive(books, "payments", version(books, invoice, number, 0, status))
        assert not reviews.release(books, invoice, "Eve", "Once more.")
    (kept,) = [each for each in reviews.reviews(books, settled_too=True) if each.invoice_id == invoice]
    assert (kept.settled_by, kept.why) == ("Bo", "It was looked at.")
    rows = books.execute(
        "select operation, after_key is not null from ledger.outbox where arguments ->> 'invoice' = %s order by 1",
        (invoice,),
    ).fetchall()
    assert rows == [("hold_invoice", False), ("release_invoice", True)]


def test_only_visits_that_were_to_be_metered_in_the_period_are_expected(books: psycopg.Connection) -> None:
    """Not one of the second the period ends, nor one that was charged after Stripe refused its usage."""
    # The period is not invoiced yet: what ended in it would be invoiced by itself.
    books.execute("delete from ledger.stripe_object where object_type = 'invoice'")
    complete(books, END)
    refused = complete(books, END - timedelta(hours=2))
    invoice = f"in_{uuid4().hex}"
    inbox.receive(books, "payments", version(books, invoice, 1, 2, "draft"))
    assert [each for each in reviews.reviews(books) if each.invoice_id == invoice] == []
    books.execute("update ledger.outbox set state = 'refused' where visit_token = %s", (refused,))
    inbox.receive(books, "payments", version(books, invoice, 2, 1, "draft"))
    (found,) = [each for each in reviews.reviews(books) if each.invoice_id == invoice]
    assert [tuple(count) for count in found.counts] == [(2, 1, 2)]
    charged(books, refused)
    (found,) = [each for each in reviews.reviews(books) if each.invoice_id == invoice]
    assert not found.differs


def charged(books: psycopg.Connection, visit: UUID) -> None:
    """Charge for a visit whose usage was refused; a second way beside usage that stands finds its place taken."""
    assert outbox.put(books, ChargeVisit(visit, CUSTOMER, 7_500), "p1")
    assert not outbox.put(books, MeterVisit(visit, CUSTOMER, "visit_category_2", END, 7_500), "p1")
