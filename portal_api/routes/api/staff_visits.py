"""/api/v1/staff/visits: staff see a booked visit, move it, to another provider too, and cancel it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, Field

from portal_api import audit
from portal_api.care import whereabouts
from portal_api.idempotency import Key, once
from portal_api.identity import people
from portal_api.problems import not_found
from portal_api.routes.api.scheduling import MOST, Slots, VisitShown, of_slots, shown
from portal_api.routes.api.shapes import Shape
from portal_api.routes.pages.staff_hours import AsPlanner
from portal_api.routes.pages.staff_visits import visit_of_mine
from portal_api.scheduling import bookings, catalog, slots
from portal_api.scheduling.slots import Span

router = APIRouter(prefix="/api/v1/staff/visits/{appointment_id}", tags=["scheduling"])


class MoveTo(Shape):
    """To when, and to whom."""

    starts_at: AwareDatetime
    calendar_id: UUID | None = None


class CancelAsked(Shape):
    """Why, and whether a late one costs the fee that the patient agreed to."""

    reason: str = Field("", max_length=500, pattern=r"^[^\x00]*$")
    is_charged: bool = False


class PlaceSaid(BaseModel):
    """Where the patient says they will be; without a license for it nobody is let in."""

    is_home: bool
    state: str
    is_licensed: bool


class StaffVisitShown(VisitShown):
    """A visit as staff see it; `patient_state` is what it was booked for."""

    patient_id: UUID
    patient: str
    patient_state: str
    said: PlaceSaid | None


@router.get("", response_model=StaffVisitShown)
def visit(here: AsPlanner, appointment_id: UUID) -> StaffVisitShown:
    """Return a booked visit."""
    found = visit_of_mine(here, appointment_id)
    audit.record(here, "visit.read", f"appointment/{found.id}")
    patient, told = people.patient(here, found.patient_id), whereabouts.said(here, found.id)
    said = None
    if told:
        is_licensed = whereabouts.may_be_seen(here, found, told.state)
        said = PlaceSaid(is_home=told.is_home, state=told.state, is_licensed=is_licensed)
    return StaffVisitShown(
        **vars(shown(found)),
        patient_id=found.patient_id,
        patient=patient.name if patient else "",
        patient_state=found.patient_state,
        said=said,
    )


@router.get("/slots", response_model=Slots)
def open_slots(  # noqa: PLR0913, PLR0917 - what is asked
    here: AsPlanner,
    appointment_id: UUID,
    since: AwareDatetime,
    until: AwareDatetime,
    calendar_id: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = MOST,
) -> Slots:
    """Return the times that the visit can be moved to, with its provider or another, at most 62 days of them."""
    found = visit_of_mine(here, appointment_id)
    chosen = calendar_id or found.calendar_id
    if catalog.calendar(here, chosen) is None:
        raise not_found()
    who = slots.asker(here, found.wish, found.patient_id)
    return of_slots(slots.find(here, who, Span(since, until), [chosen], found.id), limit)


@router.post("/move", status_code=HTTPStatus.OK, response_model=VisitShown)
def move(here: AsPlanner, appointment_id: UUID, asked: MoveTo, key: Key = None) -> JSONResponse:
    """Move a visit; 409 when the time cannot be had, or it has begun."""
    found = visit_of_mine(here, appointment_id)
    calendar_id = asked.calendar_id or found.calendar_id
    request = ["staff-move", str(appointment_id), asked.model_dump(mode="json")]
    return once(
        here, key, request, lambda: shown(bookings.move(here, found, calendar_id, asked.starts_at)), HTTPStatus.OK
    )


@router.post("/cancel", status_code=HTTPStatus.OK, response_model=VisitShown)
def cancel(here: AsPlanner, appointment_id: UUID, asked: CancelAsked, key: Key = None) -> JSONResponse:
    """Cancel a visit; 409 for one that has begun or is over."""
    found = visit_of_mine(here, appointment_id)
    request = ["staff-cancel", str(appointment_id), asked.model_dump()]

    def cancelled() -> VisitShown:
        return shown(bookings.cancel(here, found, reason=asked.reason, is_waived=not asked.is_charged))

    return once(here, key, request, cancelled, HTTPStatus.OK)
