"""Whoever is signed in at the portal, as the dashboards know readers; what they do there is in the portal's audit."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.exceptions import HTTPException

from dashboards.desk import Entered, Reader, SignInNeeded
from portal_api import audit
from portal_api.access import READERS, Kind
from portal_api.forms import Form, read_form
from portal_api.problems import Problem

if TYPE_CHECKING:
    from starlette.requests import Request

    from portal_api.access import Who
    from portal_api.door import Door
    from portal_api.here import Browser, Here

SIGN_IN = "/staff/sign-in"
SAFE = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, kw_only=True)
class Member(Reader):
    """A reader who is signed in at the portal of practice `home`, in a browser."""

    home: str
    who: "Who"
    browser: "Browser"


@dataclass(frozen=True)
class PortalStaff:
    """The staff of the portal behind a door: their sessions, the tokens of their forms, and the audit."""

    door: "Door"

    async def form(self, request: "Request") -> Mapping[str, str]:
        """Read the form of a request; of several values of a field the first. Raises HTTPException when it cannot."""
        with told():
            form = await read_form(request)
        return {name: values[0] for name, values in form.values.items()}

    def entered(self, request: "Request", form: Mapping[str, str]) -> Entered:
        """Tell who asks, as the portal's own pages do."""
        brought = Form({name: (value,) for name, value in form.items()}, is_one=bool(form))
        with told(), self.door.entered(request, brought) as here:
            who, home, browser = here.who, here.practice.practice_id, here.browser
        # A session whose browser lost its other cookie can read nobody's forms: signing in gives both.
        if who is None or who.kind is not Kind.STAFF or (browser.is_new and "authorization" not in request.headers):
            raise SignInNeeded(f"{SIGN_IN}?{urlencode({'next': _place(request)})}")
        practice_id = None if who.sees_all_practices else home
        roles = frozenset(map(str, who.roles & READERS))
        member = Member(who.name, roles, practice_id, home=home, who=who, browser=browser)
        if not roles:
            self.record(member, "access.refused", f"route/{request.method} books")
            raise HTTPException(403, "The books are for billing, finance, practice admins and auditors.")
        return Entered(member, browser.csrf)

    def record(self, reader: Reader, action: str, subject: str) -> None:
        """Write in the audit of the reader's practice what they did."""
        with self.acting(reader) as here:
            audit.record(here, action, subject)

    @contextlib.contextmanager
    def acting(self, reader: Reader) -> Iterator["Here"]:
        """Work at the reader's practice for them, audited; commits at the end of the block."""
        if not isinstance(reader, Member):
            raise TypeError("Only staff who are signed in do anything.")
        with self.door.at(reader.home, reader.who) as here:
            yield replace(here, browser=reader.browser)


def _place(request: "Request") -> str:
    """Give where to go on after signing in: the page that was asked for; after a form, the first."""
    if request.method not in SAFE:
        return f"{request.scope['root_path']}/"
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Tell the portal's refusals as the dashboards tell theirs."""
    try:
        yield
    except Problem as refusal:
        raise HTTPException(refusal.status, refusal.detail) from None
