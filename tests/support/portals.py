"""A portal for tests: served over HTTP, with a clock that can be moved, its mail, and people signed in."""

from __future__ import annotations

import base64
import contextlib
import io
import re
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import uvicorn

from ledger.gateways.mail import Console
from ledger.settings import Settings
from portal_api import chores, cookies, sample
from portal_api.access import Kind, Role
from portal_api.app import create_app
from portal_api.delivering import Gateways
from portal_api.door import Door
from portal_api.identity import people, sessions
from portal_api.keys import Keys
from portal_api.sample import CEDAR, HARBOR, Sample
from portal_api.store import schema
from tests.support.databases import fresh

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from uuid import UUID

    from fastapi import FastAPI
    from starlette.types import ASGIApp

    from ledger.store.database import Database
    from portal_api.here import Here

    Ask = Callable[..., httpx.Response]

__all__ = ["CEDAR", "HARBOR", "Clock", "Portal", "Visitor", "served"]
SECRET = bytes(32)
SECRET_TEXT = base64.b64encode(SECRET).decode()
START = datetime(2026, 11, 16, 15, 0, tzinfo=UTC)  # a Monday, 10 in the morning in New York


class Clock:
    """The time, which stands until it is moved."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        """Move the time on, by minutes=5 or the like."""
        self.now += timedelta(**by)


class Visitor(httpx.Client):
    """A browser without scripts at a practice's portal, whose forms carry what they must."""

    def __init__(self, portal: Portal, host: str) -> None:
        port = httpx.URL(portal.address).port
        super().__init__(base_url=portal.address, headers={"Host": f"{host}:{port}", "Accept": "text/html"})
        self._portal = portal
        self.cookies.set(cookies.BROWSER, cookies.new_token())

    @property
    def csrf(self) -> str:
        """What a form of this browser carries."""
        return self._portal.door.csrf(self.cookies.get(cookies.BROWSER) or "", self.cookies.get(cookies.SESSION) or "")

    def submit(self, path: str, **fields: Any) -> httpx.Response:
        """Submit a form; the answer is usually a redirect (303) when it was done."""
        return self.post(path, data={"csrf": self.csrf, **fields})


def program(visitor: Visitor) -> Ask:
    """Return what asks /api/v1 in the session of a visitor: method, path, JSON, and headers by name."""
    token = str(visitor.cookies["session"])

    def ask(method: str, path: str, json: Any = None, **headers: str) -> httpx.Response:
        headers |= {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        return visitor.request(method, f"/api/v1{path}", json=json, headers=headers)

    return ask


class Portal:
    """A served portal with the two sample practices, HARBOR and CEDAR."""

    def __init__(self, address: str, app: FastAPI, clock: Clock) -> None:
        self.address, self.clock, self.app = address, clock, app
        self.door: Door = app.state.door
        self._visitors: list[Visitor] = []
        self._mail = io.StringIO()
        self._gateways = Gateways(Console(self._mail).mail, Console(self._mail).text)

    def at(self, sample: Sample = HARBOR) -> contextlib.AbstractContextManager[Here]:
        """Work at a practice without a request; commits at the end of the block."""
        return self.door.at(sample.practice.practice_id)

    def visitor(self, sample: Sample = HARBOR) -> Visitor:
        """Return a browser in which nobody is signed in."""
        self._visitors.append(Visitor(self, sample.hosts[0]))
        return self._visitors[-1]

    def close(self) -> None:
        """Close every browser."""
        for visitor in self._visitors:
            visitor.close()

    def patient(self, sample: Sample = HARBOR, email: str = "") -> Visitor:
        """Return a browser in which a patient is signed in: the sample's first, or the one of the address."""
        with self.at(sample) as here:
            found = people.patient_of_email(here, email or sample.patient.email)
            assert found is not None
            patient_id = found.id
        return self.signed_in(sample, Kind.PATIENT, patient_id)

    def staff(self, role: Role, sample: Sample = HARBOR, email: str = "") -> Visitor:
        """Return a browser in which the sample's first member of staff with a role is signed in."""
        person = next(each for each in sample.people if role in each.roles and email in {"", each.email})
        with self.at(sample) as here:
            found = people.staff_of_email(here, person.email)
            assert found is not None
            staff_id = found.id
        return self.signed_in(sample, Kind.STAFF, staff_id)

    def signed_in(self, sample: Sample, kind: Kind, person_id: UUID) -> Visitor:
        """Return a browser in which a person is signed in, without the ways of signing in."""
        visitor = self.visitor(sample)
        with self.at(sample) as here:
            visitor.cookies.set(cookies.SESSION, sessions.begin(here, kind, person_id))
        return visitor

    def do_chores(self) -> None:
        """Do what the portal does by itself each minute: deliver notices, let things expire."""
        chores.run_once(self.door, self._gateways)

    def mail(self) -> str:
        """Deliver what waits, and return all mail and text messages since the last time, as on the console."""
        self.do_chores()
        words = self._mail.getvalue()
        self._mail.seek(0)
        self._mail.truncate()
        return words

    def link_and_code(self) -> tuple[str, str]:
        """Return the path of the link and the code of the newest mail."""
        words = self.mail()
        return (
            re.findall(r"https?://[^/\s]+(/\S+)", words)[-1],
            re.findall(r"\b\d{4} \d{4}\b", words)[-1],
        )


@contextlib.contextmanager
def filled(template: Database, home: Path) -> Iterator[Database]:
    """Yield a clone of the ledger's database that has the portal's schema and the sample practices."""
    with fresh(template) as made:
        schema.prepare(made)
        door = Door(Settings(home=home), made, Keys(SECRET), Clock())
        sample.fill(door)
        door.close()
        yield made


def _alone(portal: FastAPI) -> ASGIApp:
    return portal


@contextlib.contextmanager
def served(
    settings: Settings, database: Database, clock: Clock | None = None, beside: Callable[[FastAPI], ASGIApp] = _alone
) -> Iterator[Portal]:
    """Serve a portal on a free port over a database that has the sample practices, with what stands `beside` it."""
    moved = clock or Clock()
    app = create_app(settings, database, clock=moved)
    with socket.create_server(("127.0.0.1", 0)) as door:
        server = uvicorn.Server(uvicorn.Config(beside(app), log_level="error", access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.005)
        portal = Portal(f"http://127.0.0.1:{door.getsockname()[1]}", app, moved)
        try:
            yield portal
        finally:
            portal.close()
            server.should_exit = True
            thread.join(10)
