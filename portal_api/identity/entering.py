"""The last step of every way of signing in: the session begins, and the browser goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal_api import audit, cookies
from portal_api.access import Kind
from portal_api.identity import attempts, people, sessions
from portal_api.pages import onward

if TYPE_CHECKING:
    from uuid import UUID

    from starlette.responses import Response

    from portal_api.here import Here


def local(path: str) -> str:
    """Return where to go after signing in: a place of this portal, whatever was asked."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() else "/"


def signed_in(here: Here, kind: Kind, person_id: UUID, onwards: str) -> Response:
    """Begin the session, and go on."""
    return begun(here, kind, person_id, onward(onwards))


def begun(here: Here, kind: Kind, person_id: UUID, answer: Response) -> Response:
    """Begin the session, and give its token with the answer; the one before in this browser ends."""
    if here.who:
        sessions.end(here, here.who.kind, here.who.id, here.who.session_id)
    token = sessions.begin(here, kind, person_id)
    audit.record(here, "session.begun", f"{kind.value}/{person_id}")
    here.browser.jar.put(answer, cookies.SESSION, token)
    known_as(here, kind, person_id, answer)
    return answer


def known_as(here: Here, kind: Kind, person_id: UUID, answer: Response) -> None:
    """Have the browser known to the account: what strangers try on it holds up nobody there."""
    found = people.patient(here, person_id) if kind is Kind.PATIENT else people.staff(here, person_id)
    if found is not None:
        attempts.remember(here, answer, found.email)
