"""`trueup up`: pages on loopback, and remittances taken in from the drop folder while it runs."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
import stripe

from ledger.settings import Settings
from ledger.store import database as store
from ledger.store.database import connect
from orchestration import ops
from portal_api import keys
from portal_api.access import Role
from portal_api.door import Door
from tests.support import bookings
from tests.support.command_line import environment, start, trueup
from tests.support.portals import HARBOR, Clock, Portal
from tests.support.remittance_writer import Payment, interchange
from tests.support.webhooks import SECRETS, event, signed

SECONDS_TO_WAIT = 120
SECRET = {"TRUEUP_STRIPE_WEBHOOK_SECRET_PAYMENTS": SECRETS["payments"]}


@pytest.fixture(name="place")
def _place() -> Iterator[Path]:
    # A socket's path holds 107 bytes; pytest's own folders can be longer.
    place = Path("/tmp") / f"tu{os.getpid()}"  # noqa: S108 - made for this test alone
    (place / "inbox").mkdir(parents=True)
    yield place
    shutil.rmtree(place)


@pytest.fixture(name="env")
def _env(place: Path) -> dict[str, str]:
    ports = {f"TRUEUP_{name}_PORT": str(_free_port()) for name in ("DASHBOARD", "DAGSTER", "PORTAL", "SANDBOX")}
    return environment(place / "home", TRUEUP_DROP_FOLDER=str(place / "inbox"), **ports, **SECRET)


def test_up_serves_pages_takes_in_what_is_dropped_and_ends_all_on_sigterm(place: Path, env: dict[str, str]) -> None:
    serving = start("up", env=env)
    try:
        _until(serving, lambda: _answers(env["TRUEUP_DASHBOARD_PORT"]))
        _until(serving, lambda: _answers(env["TRUEUP_DAGSTER_PORT"]))
        books = httpx.get(f"http://127.0.0.1:{env['TRUEUP_PORTAL_PORT']}/books/")
        assert (books.status_code, books.headers["location"]) == (303, "/staff/sign-in?next=%2Fbooks%2F")
        assert _taken_in(env["TRUEUP_PORTAL_PORT"]) == {"received": "new"}
        assert _reaches_the_portal(env["TRUEUP_SANDBOX_PORT"]) == "customer.created"
        with _tried_out(env) as (portal, stripe_url, books):
            books.execute("select pg_advisory_lock(hashtextextended(%s, 0))", (ops.BOOKS_LOCK,))  # as a long run does
            (place / "inbox" / "a.835").write_bytes(interchange((Payment(),)))
            _until(serving, lambda: _a_run_waits(books))
            token = _closed_out(portal, stripe_url)
            _until(serving, lambda: _charged(books, token))
            assert _a_run_waits(books)
        busy = trueup("up", env=env)
        assert busy.returncode == 3
        assert "in use" in busy.stderr
        _until(serving, lambda: _files_of("era", env) == 1)
    finally:
        serving.send_signal(signal.SIGTERM)
        said, errors = serving.communicate(timeout=60)
    assert "http://127.0.0.1:" in said
    assert f"Books, for staff who sign in: http://127.0.0.1:{env['TRUEUP_PORTAL_PORT']}/books/" in said
    assert "finance finance@harbor.example" in said
    assert str(place / "inbox") in said
    assert "Traceback" not in errors
    assert "/webhooks/stripe/payments" in said
    for port in (port for name, port in env.items() if name.endswith("_PORT")):
        with socket.socket() as knock:
            assert knock.connect_ex(("127.0.0.1", int(port))) != 0
    left = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert not [line for line in left.splitlines() if f"port {env['TRUEUP_DAGSTER_PORT']}" in line]


@contextlib.contextmanager
def _tried_out(env: dict[str, str]) -> Iterator[tuple[Portal, str, psycopg.Connection]]:
    """Yield the portal that is served, which needed no key, its sandbox's address, and a connection to its books."""
    settings = Settings.from_environment(env)
    with store.opened(None, settings.home) as database, contextlib.closing(connect(database, autocommit=True)) as books:
        clock = Clock(datetime.now(UTC))
        door = Door(settings, database, keys.found(settings), clock)
        app = SimpleNamespace(state=SimpleNamespace(door=door))
        portal = Portal(f"http://127.0.0.1:{settings.portal_port}", app, clock)
        yield portal, f"http://127.0.0.1:{settings.sandbox_port}", books
        portal.close()
        door.close()


def _closed_out(portal: Portal, stripe_url: str) -> UUID:
    """Save a patient's card and close out a visit of last week, by the portal's own forms; return the visit's token."""
    now = portal.clock.now
    portal.clock.now = (now - timedelta(days=now.weekday() + 7)).replace(hour=12)  # a Monday
    with portal.at() as here:
        visit = bookings.book(here, bookings.patient(here, "tried"), 1)
    portal.clock.now = now
    patient = portal.patient(email="tried@example.com")
    secret = patient.submit("/card/setup", ask=str(uuid4())).json()["client_secret"]
    setup = secret.partition("_secret_")[0]
    form = {"payment_method": "pm_card_visa", "client_secret": secret}
    confirmed = httpx.post(
        f"{stripe_url}/v1/setup_intents/{setup}/confirm", data=form, headers={"Authorization": "Bearer pk_test_x"}
    )
    assert confirmed.status_code == 200, confirmed.text
    assert patient.submit("/card/saved", setup_intent=setup).status_code == 303
    provider = next(each for each in HARBOR.people if each.provider_id == visit.ledger_id)
    closed = portal.staff(Role.PROVIDER, email=provider.email).submit(
        f"/staff/closing/{visit.visit_token}", outcome="completed", place="10"
    )
    assert closed.status_code == 303, closed.text
    assert visit.visit_token is not None
    return visit.visit_token


def _a_run_waits(books: psycopg.Connection) -> bool:
    """Tell whether a reconcile waits for the books that this connection holds."""
    return books.execute("select from pg_locks where locktype = 'advisory' and not granted").rowcount == 1


def _charged(books: psycopg.Connection, visit_token: UUID) -> bool:
    """Tell whether the visit is charged, and the sandbox's webhook came that says so."""
    query = (
        "select from ledger.outbox inner join ledger.inbox on object_id = outcome ->> 'object_id'"
        " where visit_token = %s and state = 'done' and endpoint = 'sandbox' and event_type = 'invoice.paid'"
    )
    return books.execute(query, (visit_token,)).rowcount == 1


def test_a_key_of_stripes_is_never_used_over_books_that_were_tried_out(place: Path, env: dict[str, str]) -> None:
    account = place / "home" / "sandbox" / "stripe"
    account.parent.mkdir(parents=True)
    account.touch()
    finished = trueup("send", env={**env, "TRUEUP_STRIPE_KEY": "sk_test_of_stripe"})
    assert finished.returncode == 2
    assert "tried out with the sandbox" in finished.stderr
    damaged = trueup("up", env=env)
    assert damaged.returncode == 3
    assert f"{account} holds no account" in damaged.stderr


def test_a_drop_folder_that_is_not_there_is_said_at_once(place: Path, env: dict[str, str]) -> None:
    finished = trueup("up", env={**env, "TRUEUP_DROP_FOLDER": str(place / "gone")})
    assert finished.returncode == 3
    assert "TRUEUP_DROP_FOLDER" in finished.stderr


def _reaches_the_portal(port: str) -> str:
    """Make a customer at the sandbox and wait until the portal has taken its event in; return the event's type."""
    client = stripe.StripeClient("sk_test_x", base_addresses={"api": f"http://127.0.0.1:{port}"})
    client.v1.customers.create({})
    drain = urllib.request.Request(f"http://127.0.0.1:{port}/_sandbox/drain", data=b"{}")
    with urllib.request.urlopen(drain) as answer:  # noqa: S310 - the same
        assert json.load(answer)["taken"] == 2  # by the endpoint of the settings and the sandbox's own
    (event,) = client.v1.events.list({"delivery_success": True}).data
    return event.type


def _until(serving: subprocess.Popen[str], true: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS_TO_WAIT
    while not true():
        assert serving.poll() is None
        assert time.monotonic() < end
        time.sleep(0.5)


def _answers(port: str) -> bool:
    """Tell whether a page is there; of books that were never reconciled it is one that says so."""
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30).close()
    except urllib.error.HTTPError as answer:
        return answer.code == 404
    except (urllib.error.URLError, ConnectionError):
        return False
    return True


def _taken_in(port: str) -> object:
    body = event()
    return httpx.post(f"http://127.0.0.1:{port}/webhooks/stripe/payments", content=body, headers=signed(body)).json()


def _files_of(kind: str, env: dict[str, str]) -> int:
    feeds = json.loads(trueup("status", "--json", env=env).stdout)["feeds"]
    return next(int(feed["files"]) for feed in feeds if feed["kind"] == kind)


def _free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
        return port
