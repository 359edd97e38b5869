"""The way in: a request becomes a transaction at one practice, committed before it is answered, and here only."""

from __future__ import annotations

import contextlib
import hmac
import re
import threading
from base64 import urlsafe_b64encode
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from urllib.parse import urlencode

import sqlalchemy as sa
from fastapi import Depends, Request

from portal_api import audit, audit_chain, cookies
from portal_api.access import STAFF_ROLES, WORKERS, Role
from portal_api.cookies import Jar
from portal_api.forms import Form, read_form
from portal_api.here import Browser, Here
from portal_api.identity import sessions
from portal_api.problems import Problem, SignInNeeded
from portal_api.store.guard import FOR_ALL, ROLE, SETTING
from portal_api.tenants import practices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ledger.settings import Settings
    from ledger.store.database import Database
    from portal_api.access import Who
    from portal_api.dependencies import Edge
    from portal_api.keys import Keys
    from portal_api.tenants.practices import Practice

_T = TypeVar("_T")
CONNECTIONS = 8
SECONDS_TO_WAIT = 10.0
PROOF_LASTS = timedelta(minutes=10)
LONGEST_KNOWN = 200
REFUSALS = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# Whole: what stands behind a name, such as ":@elsewhere.example", would lead links in mails somewhere else.
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?")
_AS_PORTAL = sa.text(f"set local role {ROLE}")
_AT = sa.text(f"select set_config('{SETTING}', coalesce(:practice_id, ''), true)")
_FOR = sa.text(f"select set_config('{FOR_ALL}', :works_for_all, true)")


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


class Door:
    """Opens transactions at practices, on a few connections, as the role that sees one practice at a time."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        keys: Keys,
        clock: Callable[[], datetime] = utc_now,
        *,
        connections: int = CONNECTIONS,
    ) -> None:
        self.settings, self.keys, self.clock = settings, keys, clock
        self.something_waits = threading.Event()
        self._engine = sa.create_engine(
            database.sqlalchemy("psycopg"),
            pool_size=connections,
            max_overflow=0,
            pool_timeout=SECONDS_TO_WAIT,
            pool_use_lifo=True,
            connect_args={"options": "-c TimeZone=UTC", "application_name": "trueup-portal", "connect_timeout": 10},
        )

    def close(self) -> None:
        """Close what is idle."""
        self._engine.dispose()

    def practice_ids(self) -> list[str]:
        """Return every practice that has a host name."""
        return self.ask(practices.ids)

    def ask(self, question: Callable[[sa.Connection], _T]) -> _T:
        """Ask the database before it is known at which practice: it answers from its directories alone."""
        with self._engine.begin() as db:
            db.execute(_AS_PORTAL)
            return question(db)

    @contextlib.contextmanager
    def founding(self, practice: Practice, hosts: Sequence[str]) -> Iterator[Here]:
        """Make a practice and its host names, if it is not there, and work at it as `at` does."""
        with self._engine.begin() as db:
            db.execute(_AS_PORTAL)
            db.execute(_AT, {"practice_id": practice.practice_id})
            if not practices.exists(db, practice.practice_id):
                practices.found(db, practice)
            for host in hosts:
                practices.serve_at(db, practice.practice_id, host)
        with self.at(practice.practice_id) as here:
            yield here

    @contextlib.contextmanager
    def at(self, practice_id: str, who: Who | None = None) -> Iterator[Here]:
        """Work at a practice without a request: chores, commands, tests. Commits at the end of the block.

        Raises LookupError when there is no such practice.
        """
        with self._engine.begin() as db:
            db.execute(_AS_PORTAL)
            db.execute(_AT, {"practice_id": practice_id})
            _seen_by(db, who)
            practice = practices.get(db, practice_id)
            origin = practices.origin(db, practice_id, self.settings.portal_port)
            here = Here(practice, db, who, self.clock(), self.settings, self.keys, origin)
            yield here
            audit_chain.write(db, self.keys, practice_id, here.deeds.entries)
        self._after(here)

    @contextlib.contextmanager
    def entered(self, request: Request, form: Form) -> Iterator[Here]:
        """Work on a request at the practice of its host name, for whoever its cookie or token says."""
        with self._engine.begin() as db:
            here = self._found(request, form, db)
            yield here
            audit_chain.write(db, self.keys, here.practice.practice_id, here.deeds.entries)
        self._after(here)

    def csrf(self, browser: str, session: str) -> str:
        """Return what every form of a browser must carry, bound to it and to its session."""
        return urlsafe_b64encode(self.keys.mac("csrf", browser, session)).decode().rstrip("=")

    def note_refusal(self, here: Here, what: str) -> None:
        """Record that somebody asked for what is not theirs: what they did was rolled back, that they tried stays."""
        with self.at(here.practice.practice_id, here.who) as after:
            audit.record(replace(after, browser=here.browser), "access.refused", f"route/{what}")

    def _after(self, here: Here) -> None:
        if here.deeds.has_notices:
            self.something_waits.set()

    def _found(self, request: Request, form: Form, db: sa.Connection) -> Here:
        host = request.headers.get("host", "").lower()
        said = _HOST.fullmatch(host)
        name = said[1] if said else ""
        db.execute(_AS_PORTAL)
        practice_id = practices.of_host(db, name)
        if practice_id is None:
            raise Problem(HTTPStatus.NOT_FOUND, "no-practice", "No practice has its portal at this address.")
        db.execute(_AT, {"practice_id": practice_id})
        practice = request.state.practice = practices.get(db, practice_id)
        jar, now = Jar(is_plain=cookies.is_loopback(name)), self.clock()
        origin = f"{'http' if jar.is_plain else 'https'}://{host}"
        bearer = request.headers.get("authorization", "").partition("Bearer ")[2].strip()
        cookie = jar.read(request, cookies.SESSION)
        browser = self._browser(request, jar, cookie)
        if request.method not in SAFE:
            _same_site(request, origin)
            _meant(request, form, browser.csrf, has_session=bool(cookie), is_bearer=bool(bearer))
        who = sessions.resume(db, practice, bearer or cookie, now) if bearer or cookie else None
        _seen_by(db, who)
        return Here(practice, db, who, now, self.settings, self.keys, origin, browser, form)

    def _browser(self, request: Request, jar: Jar, session: str) -> Browser:
        known = jar.read(request, cookies.BROWSER)
        token = known or cookies.new_token()
        return Browser(
            address=request.client.host if request.client else "",
            agent=request.headers.get("user-agent", "")[:200],
            token=token,
            known=jar.read(request, cookies.KNOWN)[:LONGEST_KNOWN],
            is_new=not known,
            csrf=self.csrf(token, session),
            said=request.query_params.get("said", ""),
            path=request.url.path,
            jar=jar,
        )


def _seen_by(db: sa.Connection, who: Who | None) -> None:
    """Let the transaction see what belongs to no practice, where whoever asks works on that."""
    db.execute(_FOR, {"works_for_all": "yes" if who and who.works_for_all else ""})


def _same_site(request: Request, origin: str) -> None:
    came_from = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site", "none")
    if (came_from is not None and came_from.lower() != origin) or site not in {"same-origin", "none"}:
        raise Problem(HTTPStatus.FORBIDDEN, "cross-site", "This was sent from another site; nothing was done.")


def _meant(request: Request, form: Form, csrf: str, *, has_session: bool, is_bearer: bool) -> None:
    """Let pass what carries the token; a program without a cookie has nothing that others could borrow."""
    if is_bearer or not (form.is_one or has_session):
        return
    given = form.get("csrf") if form.is_one else request.headers.get("x-csrf-token", "")
    if not hmac.compare_digest(given.encode(), csrf.encode()):
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "form-expired",
            "This form is from before you signed in or out. Nothing was done; go back, reload the page and try again.",
        )


def at_door(request: Request, form: Annotated[Form, Depends(read_form)]) -> Iterator[Here]:
    """Yield where the request stands; what was done is committed before its answer leaves, or not at all."""
    with _entered(request, form) as here:
        yield here


@contextlib.contextmanager
def _entered(request: Request, form: Form) -> Iterator[Here]:
    door: Door = request.app.state.door
    here: Here | None = None
    try:
        with door.entered(request, form) as here:
            yield here
    except Problem as refusal:
        if here and here.who and refusal.status in REFUSALS:
            door.note_refusal(here, f"{request.method} {getattr(request.scope.get('route'), 'path', '')}")
        raise


# Of the function's scope: a request's scope ends only after the answer has left.
_DOOR = Depends(at_door, scope="function")


def needs(*roles: Role) -> Any:
    """Return the dependency of a route that is for people with any of these roles; none: for whoever is signed in."""

    def checked(here: Annotated[Here, _DOOR]) -> Here:
        return _for_people(here, roles)

    return Depends(checked, scope="function")


def _for_people(here: Here, roles: tuple[Role, ...]) -> Here:
    if here.who is None:
        asked = urlencode({"next": here.browser.path})
        raise SignInNeeded(f"{'/staff' if Role.PATIENT not in roles and roles else ''}/sign-in?{asked}")
    if roles and not here.who.has(*roles):
        raise Problem(HTTPStatus.FORBIDDEN, "role-missing", "This page is for people in another role.")
    return here


@dataclass(frozen=True)
class Steps:
    """A request in several transactions, for what asks somebody outside in between: none is open while it waits.

    Each step finds anew who asks, and keeps what it did whatever becomes of the next. `edge` is the books' own way in,
    by which what Stripe says is taken in as its webhooks are.
    """

    edge: Edge
    request: Request
    form: Form
    roles: tuple[Role, ...]

    @contextlib.contextmanager
    def step(self) -> Iterator[Here]:
        """Work at the practice in a transaction, which is committed at the end of the block."""
        with _entered(self.request, self.form) as here:
            yield _for_people(here, self.roles)


def steps_of(*roles: Role) -> Any:
    """Return the dependency of a route that works in steps, for people with any of these roles."""

    def found(request: Request, form: Annotated[Form, Depends(read_form)]) -> Steps:
        return Steps(request.app.state.edge, request, form, roles)

    return Depends(found, scope="function")


def fresh(here: Here) -> None:
    """Ask whoever is signed in to prove it once more, unless they did a few minutes ago; for what opens more doors."""
    if here.now - here.me.proved_at > PROOF_LASTS:
        there = f"/account/prove?{urlencode({'next': here.browser.path})}"
        raise SignInNeeded(there, "Please prove that it is you.", "proof-needed")


AtDoor = Annotated[Here, _DOOR]
SignedIn = Annotated[Here, needs()]
AsPatient = Annotated[Here, needs(Role.PATIENT)]
AsPatientInSteps = Annotated[Steps, steps_of(Role.PATIENT)]
AsStaff = Annotated[Here, needs(*STAFF_ROLES)]
AsWorker = Annotated[Here, needs(*WORKERS)]
AsAdmin = Annotated[Here, needs(Role.PRACTICE_ADMIN)]
