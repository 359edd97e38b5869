"""The people who work at a practice: its admin adds them, gives roles, and shuts them out."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from sqlalchemy.exc import IntegrityError
from starlette.responses import Response

from portal_api import audit
from portal_api.access import STAFF_ROLES, Kind, Role
from portal_api.door import AsAdmin, fresh
from portal_api.here import Here
from portal_api.identity import invitations, people, sessions, staff_secrets
from portal_api.pages import onward, page
from portal_api.problems import Problem, not_found

router = APIRouter(prefix="/staff/people")
ROLES = [role for role in Role if role in STAFF_ROLES]


@router.get("", response_class=HTMLResponse)
def listed(here: AsAdmin) -> HTMLResponse:
    """Show the staff."""
    return _page(here)


@router.post("", response_model=None)
def add(here: AsAdmin) -> Response:
    """Add somebody, who is mailed a link to choose a password."""
    fresh(here)
    email, name, provider = here.form["email"], here.form["name"][:200], here.form.get("provider_id") or None
    roles = frozenset(map(Role, set(here.form.all("role")) & set(ROLES)))
    if not people.EMAIL.match(email) or not people.can_be(roles) or (Role.PROVIDER in roles and provider is None):
        return _page(
            here,
            "Please give an e-mail address, at least one role, of which an auditor has no other, and for a provider "
            "their id in the books.",
        )
    try:
        with here.db.begin_nested():
            staff_id = people.add_staff(here, email, name, roles, provider)
    except IntegrityError:
        return _page(here, "Somebody here has this e-mail address or this provider id already.")
    invitations.mail(here, staff_id, email)
    audit.record(here, "staff.added", f"staff/{staff_id}")
    return onward("/staff/people", "added")


@router.post("/{staff_id}/roles", response_model=None)
def change_roles(here: AsAdmin, staff_id: UUID) -> Response:
    """Give somebody other roles; they hold from their next request on."""
    found = people.staff(here, staff_id)
    if found is None:
        raise not_found()
    roles = sorted(set(here.form.all("role")) & set(ROLES))
    if not roles:
        return _page(here, "Everybody has at least one role; disable who has none.")
    if not people.can_be(roles):
        return _page(here, "An auditor reads the books and does nothing else: they have no other role.")
    if Role.PROVIDER in roles and found.provider_id is None:
        return _page(here, "A provider needs an id in the books; add them as one.")
    _keep_an_admin(here, staff_id, is_admin_after=Role.PRACTICE_ADMIN in roles)
    return _done(here, staff_id, "staff.roles_changed", lambda: people.change_staff(here, staff_id, roles=roles))


@router.post("/{staff_id}/disable", response_model=None)
def disable(here: AsAdmin, staff_id: UUID) -> Response:
    """Let somebody in no more; their sessions end now."""
    if people.staff(here, staff_id) is None:
        raise not_found()
    _keep_an_admin(here, staff_id, is_admin_after=False)
    return _done(here, staff_id, "staff.disabled", lambda: people.disable(here, Kind.STAFF, staff_id))


@router.post("/{staff_id}/enable", response_model=None)
def enable(here: AsAdmin, staff_id: UUID) -> Response:
    """Let somebody in again."""
    return _done(here, staff_id, "staff.enabled", lambda: people.enable(here, Kind.STAFF, staff_id))


@router.post("/{staff_id}/sessions/end", response_model=None)
def end_sessions(here: AsAdmin, staff_id: UUID) -> Response:
    """End somebody's sessions."""
    return _done(here, staff_id, "staff.sessions_ended", lambda: sessions.end(here, Kind.STAFF, staff_id))


@router.post("/{staff_id}/authenticator/reset", response_model=None)
def reset_authenticator(here: AsAdmin, staff_id: UUID) -> Response:
    """Have somebody who lost the phone set up another one; the password stays."""
    fresh(here)
    return _done(here, staff_id, "authenticator.reset", lambda: staff_secrets.drop_authenticator(here, staff_id))


def _done(here: Here, staff_id: UUID, action: str, work: Callable[[], object]) -> Response:
    if people.staff(here, staff_id) is None:
        raise not_found()
    work()
    audit.record(here, action, f"staff/{staff_id}")
    return onward("/staff/people", "saved")


def _keep_an_admin(here: Here, staff_id: UUID, *, is_admin_after: bool) -> None:
    others = (each for each in people.all_staff(here) if each.id != staff_id and each.disabled_at is None)
    if not is_admin_after and not any(Role.PRACTICE_ADMIN in each.roles for each in others):
        sentence = "A practice needs an admin: make somebody else one first."
        raise Problem(HTTPStatus.CONFLICT, "last-admin", sentence)


def _page(here: Here, problem: str = "") -> HTMLResponse:
    status = HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK
    return page(
        here, "identity/people.html", status=status, people=people.all_staff(here), roles=ROLES, problem=problem
    )
