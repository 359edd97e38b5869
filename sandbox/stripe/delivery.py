"""Webhooks: each event to each endpoint that wants it, again until it is taken, twice or in disorder where asked."""

import heapq
import http.client
import itertools
import json
import random
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from sandbox.stripe.account import Account
from sandbox.stripe.signing import signature
from sandbox.stripe.values import Obj

_TIMEOUT = 20


@dataclass(frozen=True)
class Manner:
    """How webhooks go out. Retries double from `first_retry` to `longest_retry` seconds, `attempts` in all."""

    paused: bool = False
    copies: int = 1
    shuffled: bool = False
    first_retry: float = 0.2
    longest_retry: float = 10.0
    attempts: int = 30
    # Seconds that the time in the signature is off, to try a receiver's tolerance; negative is the past.
    skew: int = 0


@dataclass(frozen=True)
class Delivery:
    """One event on its way to one endpoint."""

    event_id: str
    endpoint_id: str
    attempt: int = 1


class Deliveries:
    """The webhooks of an account and the threads that send them."""

    def __init__(self, account: Account, workers: int = 4) -> None:
        self.manner = Manner()
        self.counts: Counter[str] = Counter()
        self._account = account
        # What can go now, in the order it came, and what waits for its time, soonest first.
        self._ready: deque[Delivery] = deque()
        self._later: list[tuple[float, int, Delivery]] = []
        self._counter = itertools.count()
        self._changed = threading.Condition()
        self._busy = 0
        self._closing = False
        self._random = random.Random(0)  # noqa: S311 - disorder, not secrecy
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(workers)]
        account.on_event.append(self.queue)
        for thread in self._threads:
            thread.start()

    def queue(self, event: Obj) -> None:
        """Send the event to every endpoint that wants it, as often as the manner says."""
        wanting = [found for found in self._account.objects.all("webhook_endpoint") if _wants(found, event["type"])]
        event["pending_webhooks"] = len(wanting)
        for endpoint in wanting:
            self.send(event["id"], endpoint["id"], self.manner.copies)

    def send(self, event_id: str, endpoint_id: str, copies: int = 1) -> None:
        """Send the event to the endpoint that many times, beside whatever was sent before."""
        with self._changed:
            self._ready.extend([Delivery(event_id, endpoint_id)] * copies)
            self._changed.notify_all()

    def behave(self, **changes: object) -> Manner:
        """Change the manner from now on; what waits goes out in the new one."""
        with self._changed:
            self.manner = replace(self.manner, **changes)  # type: ignore[arg-type]  # names come from a control request
            self._changed.notify_all()
            return self.manner

    def drain(self, timeout: float = 30) -> dict[str, int]:
        """Wait until nothing is on its way, at most that many seconds, and return what was counted."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting() and not self._busy, timeout)
            return {"taken": 0, "refused": 0, "given_up": 0} | dict(self.counts) | {"waiting": self._waiting()}

    def close(self) -> None:
        """Stop the threads; what was not delivered is lost with the sandbox."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (delivery := self._next()) is not None:
            taken = self._attempt(delivery)
            with self._changed:
                self._busy -= 1
                if taken is not None:
                    self.counts["taken" if taken else "refused"] += 1
                if taken is False and not self._closing:
                    self._again(delivery)
                self._changed.notify_all()

    def _waiting(self) -> int:
        return len(self._ready) + len(self._later)

    def _next(self) -> Delivery | None:
        with self._changed:
            while not self._closing:
                now = time.monotonic()
                while self._later and self._later[0][0] <= now:
                    self._ready.append(heapq.heappop(self._later)[2])
                if self._ready and not self.manner.paused:
                    self._busy += 1
                    return self._chosen()
                soonest = self._later[0][0] - now if self._later else _TIMEOUT
                self._changed.wait(_TIMEOUT if self.manner.paused else soonest)
            return None

    def _chosen(self) -> Delivery:
        if self.manner.shuffled:
            self._ready.rotate(self._random.randrange(len(self._ready)))
        return self._ready.popleft()

    def _again(self, delivery: Delivery) -> None:
        if delivery.attempt >= self.manner.attempts:
            self.counts["given_up"] += 1
            return
        delay = min(self.manner.first_retry * 2 ** (delivery.attempt - 1), self.manner.longest_retry)
        again = replace(delivery, attempt=delivery.attempt + 1)
        heapq.heappush(self._later, (time.monotonic() + delay, next(self._counter), again))

    def _attempt(self, delivery: Delivery) -> bool | None:
        """Send it and return whether it was taken; None when its event was undone or its endpoint is gone."""
        objects = self._account.objects
        with self._account.lock:
            event, endpoint = objects.find(delivery.event_id), objects.find(delivery.endpoint_id)
            if event is None or endpoint is None or endpoint.get("deleted"):
                return None
            body = json.dumps(event, indent=2).encode()
            url, secret = endpoint["url"], objects.notes[delivery.endpoint_id]["secret"]
        taken = _posted(url, body, signature(secret, body, int(time.time()) + self.manner.skew))
        if taken:
            with self._account.lock:
                _count_down(objects.notes[delivery.event_id], event, delivery.endpoint_id)
        return taken


def _count_down(notes: Obj, event: Obj, endpoint_id: str) -> None:
    reached = notes.setdefault("reached", set())
    if endpoint_id not in reached:
        reached.add(endpoint_id)
        event["pending_webhooks"] = max(event["pending_webhooks"] - 1, 0)


def _wants(endpoint: Obj, event_type: str) -> bool:
    wanted = endpoint["enabled_events"]
    return endpoint["status"] == "enabled" and ("*" in wanted or event_type in wanted)


def _posted(url: str, body: bytes, signed: str) -> bool:
    target = urlsplit(url)
    make = http.client.HTTPSConnection if target.scheme == "https" else http.client.HTTPConnection
    connection = make(target.hostname or "", target.port, timeout=_TIMEOUT)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": signed,
        "User-Agent": "Stripe/1.0",
    }
    try:
        connection.request("POST", f"{target.path or '/'}{'?' + target.query if target.query else ''}", body, headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        return False
    else:
        return 200 <= answer.status < 300  # noqa: PLR2004 - the statuses that mean taken
    finally:
        connection.close()
