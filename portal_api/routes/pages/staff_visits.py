"""Staff move and cancel a booked visit, and may waive the fee of a late one."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from portal_api import audit
from portal_api.care import whereabouts
from portal_api.identity import people
from portal_api.navigation import OFFICE
from portal_api.pages import onward, page
from portal_api.problems import Problem, not_found
from portal_api.routes.pages.staff_hours import AsPlanner, mine
from portal_api.scheduling import appointments, bookings, catalog, days, slots, wishes

if TYPE_CHECKING:
    from portal_api.here import Here
    from portal_api.scheduling.appointments import Appointment

router = APIRouter()
DAYS = 7


@router.get("/staff/visits/{appointment_id}", response_class=HTMLResponse)
def show(
    here: AsPlanner, appointment_id: UUID, calendar: str = "", since: Annotated[str, Query(alias="from")] = ""
) -> HTMLResponse:
    """Show a booked visit, and to which times it can be moved."""
    return _shown(here, visit_of_mine(here, appointment_id), calendar, since)


@router.post("/staff/visits/{appointment_id}/move", response_model=None)
def move(here: AsPlanner, appointment_id: UUID) -> Response:
    """Move a visit, to another provider too."""
    visit = visit_of_mine(here, appointment_id)
    calendar_id, starts_at = slots.chosen(here.form.get("slot"))
    try:
        bookings.move(here, visit, calendar_id, starts_at)
    except Problem as problem:
        return _shown(here, visit, str(calendar_id), here.form.get("from"), problem)
    return onward(f"/staff/visits/{visit.id}", "saved")


@router.post("/staff/visits/{appointment_id}/cancel", response_model=None)
def cancel(here: AsPlanner, appointment_id: UUID) -> Response:
    """Cancel a visit; a late one costs the fee that the patient agreed to, unless it is waived."""
    visit = visit_of_mine(here, appointment_id)
    reason = here.form.get("reason")[:500]
    bookings.cancel(here, visit, reason=reason, is_waived=here.form.get("charge") != "yes")
    return onward(f"/staff/visits/{visit.id}", "saved")


def visit_of_mine(here: Here, appointment_id: UUID) -> Appointment:
    """Return a booked visit in a calendar that who is here may set. Raises 404."""
    found = appointments.get(here, appointment_id)
    if found is None or found.visit_token is None or found.calendar_id not in {each.id for each in mine(here)}:
        raise not_found()
    return found


def _shown(here: Here, visit: Appointment, calendar: str, since: str, problem: Problem | None = None) -> HTMLResponse:
    audit.record(here, "visit.read", f"appointment/{visit.id}")
    chosen = wishes.calendar_of(here, calendar) or visit.calendar_id
    zone = ZoneInfo(visit.provider_time_zone)
    today = here.now.astimezone(zone).date()
    first = max(days.read(since, today), today)
    can_change = visit.can_change(here.now)
    who = slots.asker(here, visit.wish, visit.patient_id)
    found = slots.find(here, who, days.span(first, DAYS, zone), [chosen], visit.id) if can_change else []
    path = f"/staff/visits/{visit.id}?calendar={chosen}"
    told = whereabouts.said(here, visit.id)
    return page(
        here,
        "scheduling/staff_visit.html",
        status=problem.status if problem else HTTPStatus.OK,
        problem=problem.detail if problem else "",
        visit=visit,
        patient=people.patient(here, visit.patient_id),
        is_office=here.me.has(*OFFICE),
        told=told,
        may_be_seen=told is None or whereabouts.may_be_seen(here, visit, told.state),
        states=wishes.STATES,
        can_change=can_change,
        is_late=visit.is_late(here.now),
        calendars=catalog.calendars(here),
        chosen=chosen,
        days=days.grouped(found, zone),
        zone=zone,
        first=first,
        last=first + timedelta(days=DAYS - 1),
        before=f"{path}&from={first - timedelta(days=DAYS)}" if first > today else "",
        after=f"{path}&from={first + timedelta(days=DAYS)}",
    )
