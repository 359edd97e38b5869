"""Fetches what webhooks did not bring: events that were never taken in, and objects whose newest version is in doubt.

What is fetched goes by the same door as what is sent: known by its id, newest version wins, effects in the transaction.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

import psycopg

from ledger.rules.stripe_events import Event, EventRefused, of_document, of_reading
from ledger.store import inbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    Object = dict[str, Any]

A_SECOND = timedelta(seconds=1)
STRIPE_KEEPS_DAYS = 30
"""How many days of events Stripe shows."""


class Source(Protocol):
    """Who reads Stripe (ledger.gateways.stripe_listing)."""

    @property
    def is_live(self) -> bool:
        """Whether what it reads is live."""

    def events(self, since: int, *, undelivered: bool) -> Iterator[list[Object]]:
        """Yield events created from `since` on, a page at a time."""

    def read(self, object_type: str, object_id: str) -> Object | None:
        """Return an object, None when it cannot be read."""


@dataclass
class Swept:
    """What a sweep found: events looked at, what became of those that were missing, and of the objects in doubt.

    `failed` are events and objects whose effect failed: they are dead letters now.
    """

    events: int = 0
    missed: Counter[inbox.Received] = field(default_factory=Counter)
    read_again: int = 0
    unreadable: int = 0
    failed: int = 0


def sweep(
    connection: psycopg.Connection, source: Source, since: datetime, now: datetime, *, undelivered: bool = True
) -> Iterator[Swept]:
    """Take in what was missed since then, each in a transaction of its own; yield how far it came after every page.

    Raises what the source raises; what was taken in until then stays.
    """
    swept = Swept()
    for page in source.events(int(since.timestamp()), undelivered=undelivered):
        with connection.transaction():
            missing = inbox.unknown(connection, [one["id"] for one in page])
        for one in reversed(page):
            if one["id"] in missing:
                _take_missed(connection, one, swept)
        swept.events += len(page)
        yield swept
    yield read_again(connection, source, since, now, swept)


def read_again(connection: psycopg.Connection, source: Source, since: datetime, now: datetime, swept: Swept) -> Swept:
    """Read what two events of one second leave in doubt, each in a transaction of its own, and count it in `swept`.

    A reading is a version of the second after those events, whatever our clock says: it takes their place, and any
    later event takes its own. Raises what the source raises; what was taken in until then stays.
    """
    with connection.transaction():
        doubtful = inbox.in_doubt(connection, since, now)
    for object_type, object_id, version_at in doubtful:
        found = source.read(object_type, object_id)
        if found is None:
            swept.unreadable += 1
            continue
        at = version_at + A_SECOND
        event_id = f"read_{object_id}_{int(at.timestamp())}"
        if _taken(connection, of_reading(event_id, found, at, is_live=source.is_live), swept):
            swept.read_again += 1
    return swept


def _take_missed(connection: psycopg.Connection, document: Object, swept: Swept) -> None:
    try:
        event = of_document(document)
    except EventRefused:
        swept.failed += 1
        return
    if received := _taken(connection, event, swept):
        swept.missed[received] += 1


def _taken(connection: psycopg.Connection, event: Event, swept: Swept) -> inbox.Received | None:
    """Take one in; put it among the dead letters and return None where its effect fails."""
    try:
        with connection.transaction():
            return inbox.receive(connection, inbox.OWN, event)
    except psycopg.OperationalError:
        raise  # the database is away: the next would fare no better
    except Exception as error:  # noqa: BLE001 - whatever an effect raises: it is kept aside, the others go on
        with connection.transaction():
            inbox.bury(connection, inbox.OWN, event, inbox.described(error))
        swept.failed += 1
        return None
