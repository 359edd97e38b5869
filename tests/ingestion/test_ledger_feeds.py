"""What the ledger knows lands in raw as a file of the same would, once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ingestion import ledger_feeds, stripe_objects
from ledger.rules.stripe_events import read
from ledger.rules.visit import Actor, State
from ledger.store import inbox, visits
from tests.ledger.store.test_visits import BOOKED, START, TOKEN
from tests.support.webhooks import charge, event

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

OBJECTS = (
    "select object_id, object_type, version_at, object_sha256, event_id, payload from raw.stripe_object order by 1, 3"
)


def landed(connection: psycopg.Connection, *, again: bool = False) -> int:
    """Hand over and land."""
    inbox.hand_over(connection, again=again)
    count = ledger_feeds.land_webhooks(connection)
    connection.execute("drop table webhook_arrivals")
    return count


def rows(connection: psycopg.Connection, query: str) -> list[tuple[Any, ...]]:
    """Return what a query gives."""
    return connection.execute(query.encode()).fetchall()


def test_events_land_as_a_file_of_them_does_and_once(connection: psycopg.Connection, tmp_path: Path) -> None:
    bodies = [event(number, charge(number % 2, amount=number)) for number in range(6)]
    for endpoint in ("payments", "connect"):
        for body in bodies:
            inbox.receive(connection, endpoint, read(body))
    assert landed(connection) == 6
    by_webhook = rows(connection, OBJECTS)
    assert landed(connection) == landed(connection, again=True) == 0
    assert len(rows(connection, "select from raw.file")) == 1

    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join(bodies))
    assert stripe_objects.load(connection, path).rows == 0
    connection.execute("truncate raw.stripe_object, raw.quarantine, raw.file cascade")
    assert stripe_objects.load(connection, path).rows == 6
    assert rows(connection, OBJECTS) == by_webhook


def test_what_came_late_lands_with_the_next_run(connection: psycopg.Connection) -> None:
    inbox.receive(connection, "payments", read(event(2)))
    assert landed(connection) == 1
    inbox.receive(connection, "payments", read(event(1)))
    assert landed(connection) == 1
    assert inbox.count(connection) == inbox.Count(events=2, waiting=0, pruned=0)


def test_a_warehouse_that_was_made_anew_gets_all_again(connection: psycopg.Connection) -> None:
    inbox.receive(connection, "payments", read(event(1)))
    assert landed(connection) == 1
    connection.execute("truncate raw.stripe_object, raw.quarantine, raw.file cascade")
    assert landed(connection) == 0
    assert landed(connection, again=True) == 1


def test_cards_and_what_has_no_id_stay_where_they_are(connection: psycopg.Connection) -> None:
    card = {"id": "pm_1", "object": "payment_method", "card": {"brand": "visa", "last4": "4242"}, "customer": "cus_1"}
    inbox.receive(connection, "payments", read(event(1, card)))
    inbox.receive(connection, "payments", read(event(2, {"object": "balance"})))
    assert landed(connection) == 0
    assert "4242" not in json.dumps(rows(connection, OBJECTS), default=str)


def test_visits_of_the_portal_land_with_every_state_and_no_patient(connection: psycopg.Connection) -> None:
    visits.book(connection, BOOKED, visits.Deed("book", Actor.STAFF, START))
    visits.advance(connection, TOKEN, State.STARTED, visits.Deed("start", Actor.PROVIDER, START))
    receipt = ledger_feeds.land_visits(connection)
    assert receipt is not None
    assert (receipt.rows, receipt.quarantined) == (2, ())
    assert ledger_feeds.land_visits(connection) is None
    visits.advance(connection, TOKEN, State.COMPLETED, visits.Deed("end", Actor.PROVIDER, START))
    receipt = ledger_feeds.land_visits(connection)
    assert receipt is not None
    assert receipt.rows == 1
    kept = rows(connection, "select state, charge_cents from raw.visit order by state_changed_at")
    assert kept == [("scheduled", 15_000), ("started", 15_000), ("completed", 15_000)]
    verdict = rows(connection, "select target_cents from raw.visit_verdict where bills")
    assert verdict == [(15_000,)]
