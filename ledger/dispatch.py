"""Delivers what the outbox holds: written down before the call, recorded after it, once however it is killed.

Any number of dispatchers may run. One that dies between its call and the record leaves a row in the send-ledger without
an outcome; after the lease the next one goes on with the same keys, and looks first for what is there already.
"""

from __future__ import annotations

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from threading import Event
from typing import TYPE_CHECKING, Protocol

from ledger.gateways.stripe_calls import Attempt, Beside
from ledger.rules import requests
from ledger.rules.outcome import Declined, Done, Later, Outcome, Refused, Unknown
from ledger.rules.stripe_events import of_reading
from ledger.store import collecting, inbox, outbox, subscriptions
from ledger.store.database import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg

    from ledger.rules.requests import Request
    from ledger.rules.stripe_events import Event as Told
    from ledger.store.database import Database
    from ledger.store.outbox import Claimed

# Longer than all calls of one attempt may take; after it a row is taken for abandoned.
LEASE = timedelta(minutes=10)
# What is unknown is looked at again after a minute, then ever later, at least four times a day.
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
SECONDS_TO_SLOW_DOWN = 1.0
# So many unanswered in a row, and the processor is away: the rest waits in the outbox.
UNANSWERED = 3
# Rows that are delivered at a time; the pace of all calls together is the gateway's.
WORKERS = 8

NOBODY_ASKS = "Its subscription ended, or its period was invoiced, before its usage was sent: invoice it by itself."


class Sender(Protocol):
    """Whatever performs requests at a processor."""

    def perform(self, request: Request, attempt: Attempt) -> Outcome:
        """Bring about what is asked for, once, and say how that ended."""
        ...


@dataclass(frozen=True)
class Delivered:
    """One attempt, and how it ended."""

    business_key: str
    operation: str
    practice_id: str
    attempt: int
    outcome: Outcome


@dataclass(frozen=True)
class Dispatcher:
    """Delivers from a database through a sender. `now` tells the time of the rows, `lease` how long a claim holds."""

    database: Database
    sender: Sender
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    lease: timedelta = LEASE

    def deliver_all(self, workers: int = WORKERS) -> Iterator[Delivered]:
        """Deliver as `deliver_due` does, several rows at a time: a call waits for its answer most of its time.

        What is to be left alone is known before, and what is stuck stands on the staff worklist after.
        """
        self._sweep()
        ended: SimpleQueue[Delivered | None] = SimpleQueue()
        stopped = Event()

        def work() -> None:
            try:
                for delivered in self.deliver_due(stopped):
                    ended.put(delivered)
            finally:
                ended.put(None)

        with ThreadPoolExecutor(workers) as pool:
            working = [pool.submit(work) for _ in range(workers)]
            left = workers
            try:
                while left:
                    if delivered := ended.get():
                        yield delivered
                    else:
                        left -= 1
            finally:
                stopped.set()
        for worker in working:
            worker.result()
        self._sweep()

    def _sweep(self) -> None:
        with contextlib.closing(connect(self.database)) as connection:
            collecting.sweep(connection)
            connection.commit()

    def deliver_due(self, stopped: Event | None = None) -> Iterator[Delivered]:
        """Deliver row by row until nothing is due, or the processor has stopped answering, or it is to stop."""
        unanswered = 0
        with contextlib.closing(connect(self.database, autocommit=True)) as connection:
            while unanswered < UNANSWERED and not (stopped and stopped.is_set()):
                delivered = self.deliver_next(connection)
                if delivered is None:
                    return
                yield delivered
                outcome = delivered.outcome
                unanswered = unanswered + 1 if isinstance(outcome, Unknown) and not outcome.answered else 0
                if isinstance(outcome, Later):
                    time.sleep(SECONDS_TO_SLOW_DOWN)

    def deliver_next(self, connection: psycopg.Connection) -> Delivered | None:
        """Deliver the next row that is due: claim, call, record, each for itself. None where none is due."""
        until = time.monotonic() + self.lease.total_seconds() / 2
        with connection.transaction():
            claimed = outbox.claim(connection, self.now(), self.lease)
        if claimed is None:
            return None
        outcome = self._performed(connection, claimed, until)
        now = self.now()
        with connection.transaction():
            outbox.record(connection, claimed, outcome, now, now + wait(claimed.attempt))
            if told := _told(claimed, outcome):
                inbox.receive(connection, inbox.OWN, told)
            if isinstance(outcome, Declined):
                collecting.follow(connection, outcome.object_id)
        return Delivered(claimed.business_key, claimed.operation, claimed.practice_id, claimed.attempt, outcome)

    def _performed(self, connection: psycopg.Connection, claimed: Claimed, until: float) -> Outcome:
        try:
            request = requests.read(claimed.operation, claimed.arguments)
        except requests.NotSendable as error:
            return Refused("not_sendable", str(error))
        if isinstance(request, requests.MeterVisit) and not claimed.in_doubt:
            with connection.transaction():
                if not subscriptions.asks_for(connection, request):
                    return Refused("no_subscription", NOBODY_ASKS)
        beside = Beside(claimed.beside_tried, claimed.beside_counted)
        attempt = Attempt(claimed.outbox_id, claimed.first_sent_at, claimed.failures, until, beside)
        return self.sender.perform(request, attempt)


def _told(claimed: Claimed, outcome: Outcome) -> Told | None:
    """Return Stripe's word on what no webhook tells of, a credit of a customer's balance: the answer to our call."""
    if claimed.operation != requests.CreditBalance.operation or not isinstance(outcome, Done):
        return None
    asked, created, is_live = claimed.arguments, int(outcome.facts["created"]), bool(outcome.facts["livemode"])
    transaction = {
        "id": outcome.object_id,
        "object": "customer_balance_transaction",
        "amount": -asked["amount_cents"],
        "created": created,
        "currency": "usd",
        "customer": asked["customer"],
        "livemode": is_live,
        "metadata": {"visit_token": asked["visit_token"], "memo_id": asked["memo_id"]},
    }
    made_at = datetime.fromtimestamp(created, UTC)
    return of_reading(f"sent_{claimed.outbox_id}", transaction, made_at, is_live=is_live)


def wait(attempt: int) -> timedelta:
    """Return how long a row waits after an attempt that did not end it: twice as long each time."""
    doublings: int = 2 ** min(attempt - 1, 16)
    return min(LONGEST_WAIT, FIRST_WAIT * doublings)
