"""A patient's visits: to come and past; to see, to move, to cancel and to take into one's own calendar."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from portal_api.door import AsPatient
from portal_api.intake import todo
from portal_api.pages import onward, page
from portal_api.problems import Problem
from portal_api.scheduling import appointments, bookings, days, ics, slots, waiting, wishes

if TYPE_CHECKING:
    from portal_api.here import Here
    from portal_api.scheduling.appointments import Appointment

router = APIRouter()
DAYS = 7


@router.get("/visits", response_class=HTMLResponse)
def visits(here: AsPatient) -> HTMLResponse:
    """Show what is to come, what is held, where the patient waits, and what is past."""
    return page(
        here,
        "scheduling/visits.html",
        coming=appointments.booked(here, here.me.id, is_past=False),
        held=appointments.held(here, here.me.id),
        waiting=waiting.of_patient(here, here.me.id),
        past=appointments.booked(here, here.me.id, is_past=True, most=20),
    )


@router.get("/visits/{appointment_id}", response_class=HTMLResponse)
def visit(here: AsPatient, appointment_id: UUID) -> HTMLResponse:
    """Show a visit, with the terms that it was booked under."""
    mine = appointments.own_visit(here, appointment_id)
    return page(
        here,
        "scheduling/visit.html",
        mine=mine,
        todo=todo.before(here, mine) if mine.status == "booked" and mine.visit_state == "scheduled" else [],
        can_move=bookings.may_move(here, mine),
        can_cancel=mine.can_change(here.now),
        states=wishes.STATES,
    )


@router.get("/visits/{appointment_id}/calendar.ics")
def calendar(here: AsPatient, appointment_id: UUID) -> Response:
    """Return the visit for the patient's own calendar."""
    mine = appointments.own_visit(here, appointment_id)
    name = {"Content-Disposition": 'attachment; filename="appointment.ics"'}
    return Response(ics.written(here, mine), headers=name, media_type=ics.MEDIA_TYPE)


@router.get("/visits/{appointment_id}/move", response_class=HTMLResponse, response_model=None)
def move_to(here: AsPatient, appointment_id: UUID, since: Annotated[str, Query(alias="from")] = "") -> Response:
    """Show to which times a visit can be moved; one that is cancelled says so."""
    mine = appointments.own_visit(here, appointment_id)
    return onward(f"/visits/{mine.id}") if mine.status == "released" else _move_to(here, mine, since)


@router.post("/visits/{appointment_id}/move", response_model=None)
def move(here: AsPatient, appointment_id: UUID) -> Response:
    """Move a visit; where the time is taken, show what is open."""
    mine = appointments.own_visit(here, appointment_id)
    calendar_id, starts_at = slots.chosen(here.form.get("slot"))
    try:
        bookings.move(here, mine, calendar_id, starts_at)
    except Problem as problem:
        if problem.name != "time-taken":
            raise
        return _move_to(here, mine, here.form.get("from"), problem)
    return onward(f"/visits/{mine.id}", "moved")


@router.get("/visits/{appointment_id}/cancel", response_class=HTMLResponse, response_model=None)
def cancel_ask(here: AsPatient, appointment_id: UUID) -> Response:
    """Ask before a visit is cancelled, and say what it costs; one that is cancelled says so."""
    mine = appointments.own_visit(here, appointment_id)
    if mine.status == "released":
        return onward(f"/visits/{mine.id}")
    if not mine.can_change(here.now):
        raise Problem(HTTPStatus.CONFLICT, "not-cancelled", "This visit has begun or is over already.")
    return page(here, "scheduling/cancel.html", mine=mine, is_late=mine.is_late(here.now))


@router.post("/visits/{appointment_id}/cancel", response_model=None)
def cancel(here: AsPatient, appointment_id: UUID) -> Response:
    """Cancel a visit; whoever was not told of the fee is told first."""
    mine = appointments.own_visit(here, appointment_id)
    if mine.is_late(here.now) and here.form.get("late") != "yes":
        return onward(f"/visits/{mine.id}/cancel")
    bookings.cancel(here, mine)
    return onward("/visits", "cancelled")


def _move_to(here: Here, mine: Appointment, since: str, problem: Problem | None = None) -> HTMLResponse:
    if not bookings.may_move(here, mine):
        raise Problem(
            HTTPStatus.CONFLICT, "not-moved", "It is too late to move this visit online: cancel it, or call us."
        )
    today = here.now.astimezone(mine.zone).date()
    first = max(days.read(since, today), today)
    who = slots.asker(here, mine.wish, here.me.id)
    found = slots.find(here, who, days.span(first, DAYS, mine.zone), [mine.calendar_id], mine.id)
    path = f"/visits/{mine.id}/move"
    return page(
        here,
        "scheduling/move.html",
        status=problem.status if problem else HTTPStatus.OK,
        problem=problem.detail if problem else "",
        mine=mine,
        days=days.grouped([each for each in found if each.starts_at != mine.starts_at], mine.zone),
        zone=mine.zone,
        zone_name=wishes.zone_called(mine.zone.key),
        first=first,
        last=first + timedelta(days=DAYS - 1),
        before=f"{path}?from={first - timedelta(days=DAYS)}" if first > today else "",
        after=f"{path}?from={first + timedelta(days=DAYS)}",
    )
