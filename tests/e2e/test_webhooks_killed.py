"""10,000 webhooks, each delivered 1 to 5 times, shuffled, by 8 workers, to a server that is killed again and again."""

from __future__ import annotations

import contextlib
import http.client
import queue
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from ledger.rules.stripe_events import object_sha256
from ledger.store.database import connect
from tests.support.command_line import ROOT, environment
from tests.support.webhooks import CREATED, SECRETS, charge, event, signed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import psycopg

    from ledger.store.database import Database

EVENTS = 10_000
OBJECTS = 3_000
WORKERS = 8
KILLED_AT = (0.1, 0.3, 0.5, 0.7, 0.9)  # of the deliveries
TIMES = (1, 2, 3, 4, 5)
# Most events come once, as they do; every number of times is there a few hundred times at least.
HOW_OFTEN = (70, 15, 5, 5, 5)

# An effect that counts: a row for every time that an event was taken in and that was committed. Not on the object: of
# its versions that come together only the newest is written.
_COUNTING = """
create table public.effect (event_id text not null);
create function public.count_effect() returns trigger language plpgsql as $$
begin
    insert into public.effect values (new.event_id);
    return new;
end
$$;
create trigger effects_are_counted after insert on ledger.inbox
    for each row execute function public.count_effect();
"""


class Server:
    """A portal in a process of its own, on one port through all its lives."""

    def __init__(self, home: Path, database: Database) -> None:
        with socket.socket() as door:
            door.bind(("127.0.0.1", 0))
            self.port: int = door.getsockname()[1]
        named = {f"TRUEUP_STRIPE_WEBHOOK_SECRET_{name.upper()}": secret for name, secret in SECRETS.items()}
        self._env = {**environment(home, database.url, **named), "PYTHONPATH": str(ROOT)}
        self._process = self._started()
        self.kills = 0

    def kill(self) -> None:
        """Kill it in the middle of whatever it does, and start it again."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self.kills += 1
        self._process = self._started()

    def end(self) -> None:
        """End it for good."""
        self._process.kill()
        self._process.wait()

    def _started(self) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-m", "tests.support.portal_process", str(self.port)]
        return subprocess.Popen(words, env=self._env, cwd=ROOT)


class Deliveries:
    """What is still to be delivered; a delivery that got no 2xx comes again, as Stripe does."""

    def __init__(self, bodies: list[bytes]) -> None:
        self._left: queue.Queue[bytes] = queue.Queue()
        for body in bodies:
            self._left.put(body)
        self.total, self.done, self.failed = len(bodies), 0, 0
        self._lock = threading.Lock()

    def work(self, port: int) -> None:
        """Deliver until nothing is left."""
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while self.done < self.total:
            try:
                body = self._left.get(timeout=0.1)
            except queue.Empty:
                continue
            arrived = _delivered(line, body)
            with self._lock:
                self.done += arrived
                self.failed += not arrived
            if not arrived:
                self._left.put(body)
                time.sleep(0.05)
        line.close()


def test_every_effect_exactly_once_and_nothing_lost(tmp_path: Path, database: Database) -> None:
    events = _events(random.Random(8350))  # noqa: S311 - the same every time
    bodies = _shuffled(events, random.Random(8351))  # noqa: S311 - the same every time
    with contextlib.closing(connect(database, autocommit=True)) as books, _served(tmp_path, database) as server:
        books.execute(_COUNTING)
        deliveries = Deliveries(bodies)
        workers = [threading.Thread(target=deliveries.work, args=(server.port,)) for _ in range(WORKERS)]
        for worker in workers:
            worker.start()
        for share in KILLED_AT:
            while deliveries.done < share * deliveries.total:
                time.sleep(0.005)
            server.kill()
        for worker in workers:
            worker.join()
        assert server.kills == len(KILLED_AT)
        assert deliveries.failed >= server.kills  # every kill broke off at least one delivery
        _assert_once(books, events)


def _assert_once(books: psycopg.Connection, events: list[tuple[bytes, dict[str, Any]]]) -> None:
    counted = "select count(*), count(distinct event_id) from {}"
    for table in ("ledger.inbox", "public.effect"):
        assert books.execute(counted.format(table).encode()).fetchone() == (EVENTS, EVENTS), table
    assert books.execute("select count(*) from ledger.inbox_failure").fetchone() == (0,)
    found = books.execute("select object_id, object_sha256, payload ->> 'amount' from ledger.stripe_object").fetchall()
    assert sorted(found) == _newest(events)


def _newest(events: list[tuple[bytes, dict[str, Any]]]) -> list[tuple[str, str, str]]:
    """Work out the newest version of every object, apart from the product."""
    versions: dict[str, tuple[int, str, str]] = {}
    for number, (_, carried) in enumerate(events):
        version = (CREATED + number // 4, object_sha256(carried), str(carried["amount"]))
        versions[carried["id"]] = max(versions.get(carried["id"], version), version)
    return sorted((name, sha256, amount) for name, (_, sha256, amount) in versions.items())


def _events(rng: random.Random) -> list[tuple[bytes, dict[str, Any]]]:
    """Make the events, each with the object it carries; four of a second, so that some tie."""
    made = []
    for number in range(EVENTS):
        carried = charge(rng.randrange(OBJECTS), amount=rng.randrange(1, 100_000))
        made.append((event(number, carried, created=CREATED + number // 4), carried))
    return made


def _shuffled(events: list[tuple[bytes, dict[str, Any]]], rng: random.Random) -> list[bytes]:
    times = rng.choices(TIMES, HOW_OFTEN, k=len(events))
    bodies = [body for (body, _), often in zip(events, times, strict=True) for _ in range(often)]
    rng.shuffle(bodies)
    return bodies


def _delivered(line: http.client.HTTPConnection, body: bytes) -> bool:
    try:
        line.request("POST", "/webhooks/stripe/payments", body, signed(body))
        answer = line.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        line.close()
        return False
    return answer.status == http.HTTPStatus.OK


@contextlib.contextmanager
def _served(home: Path, database: Database) -> Iterator[Server]:
    server = Server(home, database)
    try:
        yield server
    finally:
        server.end()
