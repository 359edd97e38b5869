"""One Stripe account: its clock, its objects and its events."""

import contextlib
import copy
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.stripe.checks import Checker
from sandbox.stripe.clock import Clock
from sandbox.stripe.objects import Objects
from sandbox.stripe.spec import Specification
from sandbox.stripe.values import Obj

Listener = Callable[["Account", Obj], None]
# What else has to happen when an event does, within the account: an invoice is paid when its payment intent is.
LISTENERS: defaultdict[str, list[Listener]] = defaultdict(list)


@dataclass(frozen=True)
class Job:
    """What falls due at a time of a customer's clock, or of the account's."""

    at: int
    customer: str | None
    run: Callable[[], None]


# What falls due with time: the cycle of a subscription, a draft to finalise, a payment to try again.
DUE: list[Callable[["Account"], Iterator[Job]]] = []


def when(*event_types: str) -> Callable[[Listener], Listener]:
    """Have the function called with the account and the object when such an event happens."""

    def note(listener: Listener) -> Listener:
        for event_type in event_types:
            LISTENERS[event_type].append(listener)
        return listener

    return note


class Account:
    """The state behind the API. Whoever reads or changes it holds `lock`."""

    def __init__(self, specification: Specification, checker: Checker) -> None:
        self.specification = specification
        self.checker = checker
        self.lock = threading.RLock()
        self.clock = Clock()
        self.objects = Objects(specification.schemas)
        self.request: Obj | None = None
        self.on_event: list[Callable[[Obj], None]] = []
        self.pending_money: dict[str, Obj] = {}
        self.card_outcomes: defaultdict[str, list[str]] = defaultdict(list)

    def now(self, customer: str | None = None) -> int:
        """Return the time of the customer's test clock, when it has one, else the account's."""
        found = self.objects.find(customer) if customer else None
        clock = found.get("test_clock") if found else None
        frozen: int = self.objects.get("test_helpers.test_clock", clock)["frozen_time"] if clock else self.clock.now()
        return frozen

    def new(self, kind: str, **fields: Any) -> Obj:
        """Make and keep an object; its time, unless given, is that of its customer's clock."""
        return self.objects.new(kind, fields.pop("created", None) or self.now(fields.get("customer")), **fields)

    def emit(self, event_type: str, found: Obj, previous: Obj | None = None) -> None:
        """Record that it happened, with the object as it stands now, and tell listeners and webhooks."""
        customer = found["id"] if found["object"] == "customer" else found.get("customer")
        event = self.new(
            "event",
            created=self.now(customer),
            type=event_type,
            api_version=self.specification.version,
            data={"object": copy.deepcopy(found)} | ({"previous_attributes": previous} if previous else {}),
            pending_webhooks=0,
            request=self.request,
        )
        self.checker.event(event)
        for tell in self.on_event:
            tell(event)
        for listener in LISTENERS[event_type]:
            listener(self, found)

    def pass_time(self) -> None:
        """Do what has fallen due on any clock since the account was last looked at, each thing at its own time."""
        while due := [job for falling in DUE for job in falling(self) if job.at <= self.now(job.customer)]:
            job = min(due, key=lambda found: found.at)
            with self._at(job.customer, job.at):
                job.run()

    @contextlib.contextmanager
    def _at(self, customer: str | None, at: int) -> Iterator[None]:
        found = self.objects.find(customer) if customer else None
        name = found.get("test_clock") if found else None
        if name is None:
            with self.clock.standing_at(at):
                yield
            return
        clock = self.objects.get("test_helpers.test_clock", name)
        ahead, clock["frozen_time"] = clock["frozen_time"], at
        try:
            yield
        finally:
            clock["frozen_time"] = ahead
