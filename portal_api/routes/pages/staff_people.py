"""The people who work at a practice: its admin adds them, gives roles, and shuts them out."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from portal_api.access import STAFF_ROLES, Role
from portal_api.door import AsAdmin, fresh
from portal_api.identity import people, staffing
from portal_api.pages import onward, page
from portal_api.problems import Problem

if TYPE_CHECKING:
    from portal_api.here import Here

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
    form = here.form
    try:
        staffing.add(here, form["email"], form["name"], form.all("role"), form.get("provider_id") or None)
    except Problem as wrong:
        return _page(here, wrong.detail)
    return onward("/staff/people", "added")


@router.post("/{staff_id}/roles", response_model=None)
def change_roles(here: AsAdmin, staff_id: UUID) -> Response:
    """Give somebody other roles; they hold from their next request on."""
    try:
        staffing.change_roles(here, staff_id, here.form.all("role"))
    except Problem as wrong:
        if wrong.status is not HTTPStatus.BAD_REQUEST:
            raise
        return _page(here, wrong.detail)
    return onward("/staff/people", "saved")


@router.post("/{staff_id}/disable", response_model=None)
def disable(here: AsAdmin, staff_id: UUID) -> Response:
    """Let somebody in no more; their sessions end now."""
    staffing.disable(here, staff_id)
    return onward("/staff/people", "saved")


@router.post("/{staff_id}/enable", response_model=None)
def enable(here: AsAdmin, staff_id: UUID) -> Response:
    """Let somebody in again."""
    staffing.enable(here, staff_id)
    return onward("/staff/people", "saved")


@router.post("/{staff_id}/sessions/end", response_model=None)
def end_sessions(here: AsAdmin, staff_id: UUID) -> Response:
    """End somebody's sessions."""
    staffing.end_sessions(here, staff_id)
    return onward("/staff/people", "saved")


@router.post("/{staff_id}/authenticator/reset", response_model=None)
def reset_authenticator(here: AsAdmin, staff_id: UUID) -> Response:
    """Have somebody who lost the phone set up another one; the password stays."""
    fresh(here)
    staffing.reset_authenticator(here, staff_id)
    return onward("/staff/people", "saved")


def _page(here: Here, problem: str = "") -> HTMLResponse:
    status = HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK
    return page(
        here,
        "identity/people.html",
        status=status,
        people=people.all_staff(here),
        absent=staffing.absent(here),
        roles=ROLES,
        problem=problem,
    )
