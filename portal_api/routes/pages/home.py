"""The first page of a portal, for everybody, for patients and for staff."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from portal_api.access import Kind
from portal_api.door import AsStaff, AtDoor
from portal_api.intake import todo
from portal_api.pages import onward, page
from portal_api.problems import not_found
from portal_api.scheduling import appointments

router = APIRouter()


@router.get("/", response_class=HTMLResponse, response_model=None)
def home(here: AtDoor) -> Response:
    """Show what the portal is for; a patient sees their own start, staff theirs."""
    if here.who and here.who.kind is Kind.STAFF:
        return onward("/staff")
    if here.who is None:
        return page(here, "home.html")
    coming = next(iter(appointments.booked(here, here.who.id, is_past=False, most=1)), None)
    return page(here, "home.html", coming=coming, todo=todo.before(here, coming) if coming else [])


@router.get("/privacy", response_class=HTMLResponse)
def privacy(here: AtDoor) -> HTMLResponse:
    """Show what the practice says of privacy."""
    if not here.practice.texts.privacy:
        raise not_found()
    return page(here, "privacy.html")


@router.get("/staff", response_class=HTMLResponse)
def staff(here: AsStaff) -> HTMLResponse:
    """Show staff where their work is."""
    return page(here, "staff.html")
