"""The door for webhooks over real HTTP: who is let in, what is kept, and what the answer promises."""

from __future__ import annotations

import contextlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ledger.store import inbox
from ledger.store.database import connect
from portal_api.routes.webhooks import LARGEST_BODY
from tests.support.webhooks import SECRETS, charge, event, portal, signed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg

    from ledger.settings import Settings
    from ledger.store.database import Database

BODY = event()


@pytest.fixture(name="door", scope="module")
def _door(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    from ledger.settings import Settings  # noqa: PLC0415 - a module's settings

    settings = Settings(home=tmp_path_factory.mktemp("home"), webhook_secrets={**SECRETS, "closed": ""})
    with portal(settings, module_database) as address, httpx.Client(base_url=address) as client:
        yield client


@pytest.fixture(name="books")
def _books(module_database: Database) -> Iterator[psycopg.Connection]:
    with contextlib.closing(connect(module_database, autocommit=True)) as connection:
        yield connection


def post(door: httpx.Client, body: bytes, headers: dict[str, str] | None = None, to: str = "payments") -> Any:
    """Deliver a webhook, signed rightly unless headers are given."""
    return door.post(f"/webhooks/stripe/{to}", content=body, headers=signed(body, to) if headers is None else headers)


def counted(books: psycopg.Connection, body: bytes) -> int:
    """Count what the inbox has of an event."""
    row = books.execute("select count(*) from ledger.inbox where event_id = %s", (json.loads(body)["id"],)).fetchone()
    return int(row[0]) if row else -1


def test_an_event_is_taken_in_once_however_often_it_comes(door: httpx.Client, books: psycopg.Connection) -> None:
    assert post(door, BODY).json() == {"received": "new"}
    for _ in range(3):
        answer = post(door, BODY)
        assert (answer.status_code, answer.json()) == (200, {"received": "known"})
    assert counted(books, BODY) == 1
    kept = books.execute("select payload, api_version from ledger.inbox").fetchone()
    assert kept is not None
    assert "Ada" not in json.dumps(kept[0])
    assert (kept[0]["amount"], kept[1]) == (2_500, "2026-05-27.dahlia")


def test_two_deliveries_at_once_are_one_event(door: httpx.Client, books: psycopg.Connection) -> None:
    body = event(50)
    with ThreadPoolExecutor(8) as pool:
        said = [answer.json()["received"] for answer in pool.map(lambda _: post(door, body), range(8))]
    assert sorted(said) == ["known"] * 7 + ["new"]
    assert counted(books, body) == 1


@pytest.mark.parametrize("away", [-301, 302])
def test_a_time_too_far_away_is_refused_either_way(door: httpx.Client, books: psycopg.Connection, away: int) -> None:
    body = event(60)
    answer = post(door, body, signed(body, away=away))
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:trueup:problem:not-signed"
    assert counted(books, body) == 0


@pytest.mark.parametrize(
    ("body", "headers", "name"),
    [
        (BODY, dict, "not-signed"),
        (BODY, lambda: {"Stripe-Signature": "t=1,v1="}, "not-signed"),
        (BODY, lambda: signed(BODY, "connect"), "not-signed"),  # the secret of another endpoint
        (BODY + b" ", lambda: signed(BODY), "not-signed"),
        (b"{}", lambda: signed(b"{}"), "no-event"),
        (b'{"object": "v2.core.event"}', lambda: signed(b'{"object": "v2.core.event"}'), "thin-event"),
        (event(livemode=True), lambda: signed(event(livemode=True)), "live-event"),
    ],
)
def test_what_is_not_ours_is_refused_with_its_name(
    door: httpx.Client, body: bytes, headers: Callable[[], dict[str, str]], name: str
) -> None:
    # Signed here and not when the tests are collected, which may be longer ago than a signature lasts.
    answer = post(door, body, headers())
    assert (answer.status_code, answer.json()["type"]) == (400, f"urn:trueup:problem:{name}")
    assert "Ada" not in answer.text


@pytest.mark.parametrize("endpoint", ["closed", "unheard-of"])
def test_an_endpoint_without_a_secret_is_none(door: httpx.Client, endpoint: str) -> None:
    answer = post(door, BODY, signed(BODY), endpoint)
    assert (answer.status_code, answer.json()["title"]) == (404, "Not Found")


def test_a_body_without_bounds_is_cut_off(door: httpx.Client) -> None:
    body = b" " * (LARGEST_BODY + 1)
    assert post(door, body, signed(body)).status_code == 413


def test_endpoints_have_their_own_secrets_and_their_own_count(door: httpx.Client, books: psycopg.Connection) -> None:
    body = event(70, charge(70))
    assert post(door, body).json() == post(door, body, to="connect").json() == {"received": "new"}
    assert counted(books, body) == 2
    row = books.execute("select count(*) from ledger.stripe_object where object_id = 'ch_00000070'").fetchone()
    assert row == (1,)


def test_an_effect_that_fails_leaves_nothing_but_a_dead_letter(door: httpx.Client, books: psycopg.Connection) -> None:
    body = event(80, charge(80))
    books.execute("alter table ledger.stripe_object add constraint broken check (object_id <> 'ch_00000080')")
    for _ in range(2):
        answer = post(door, body)
        assert (answer.status_code, answer.json()["type"]) == (500, "urn:trueup:problem:effect-failed")
    assert counted(books, body) == 0
    (letter,) = inbox.dead_letters(books)
    assert (letter.event_id, letter.reason, letter.attempts) == ("evt_00000080", "CheckViolation (broken)", 2)
    books.execute("alter table ledger.stripe_object drop constraint broken")
    assert post(door, body).json() == {"received": "new"}
    assert inbox.dead_letters(books) == []


def test_an_object_that_breaks_its_contract_is_put_aside_and_acknowledged(
    door: httpx.Client, books: psycopg.Connection
) -> None:
    answer = post(door, event(90, charge(90, currency="eur")))
    assert (answer.status_code, answer.json()) == (200, {"received": "refused"})
    (letter,) = inbox.dead_letters(books)
    assert letter.reason == "charge.currency is not usd; the books are in US dollars only."


def test_a_live_door_lets_test_events_pass_unkept(settings: Settings, database: Database) -> None:
    live = replace(settings, webhook_secrets=SECRETS, stripe_is_live=True)
    with portal(live, database) as address, httpx.Client(base_url=address) as door:
        assert post(door, BODY).json() == {"received": "ignored"}
        assert post(door, event(livemode=True)).json() == {"received": "new"}


def test_without_a_database_nothing_is_acknowledged(settings: Settings, database: Database) -> None:
    gone = replace(settings, webhook_secrets=SECRETS)
    with portal(gone, database.sibling("gone")) as address, httpx.Client(base_url=address) as door:
        assert post(door, BODY).status_code == 503
        assert door.get("/health").status_code == 503


def test_a_connection_that_broke_is_replaced(door: httpx.Client, books: psycopg.Connection) -> None:
    assert door.get("/health").json() == {"status": "ok"}
    books.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where pid <> pg_backend_pid() and datname = current_database()"
    )
    assert door.get("/health").status_code == 503
    assert door.get("/health").status_code == 200


def test_a_work_that_fails_among_others_keeps_none_of_them_out(door: httpx.Client, books: psycopg.Connection) -> None:
    books.execute("alter table ledger.stripe_object add constraint broken check (object_id <> 'ch_00000105')")
    bodies = [event(number, charge(number)) for number in range(100, 132)]
    with ThreadPoolExecutor(16) as pool:
        said = list(pool.map(lambda body: post(door, body).status_code, bodies))
    assert said == [500 if number == 105 else 200 for number in range(100, 132)]
    row = books.execute("select count(*) from ledger.inbox where event_id between 'evt_00000100' and 'evt_00000131'")
    assert row.fetchone() == (31,)
    books.execute("alter table ledger.stripe_object drop constraint broken")
    assert post(door, bodies[5]).json() == {"received": "new"}
