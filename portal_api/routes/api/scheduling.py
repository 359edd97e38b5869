"""/api/v1: a program finds, holds, books, moves and cancels visits for a patient, as the pages do."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, Field
from starlette.responses import Response

from portal_api import listing
from portal_api.door import AsPatient
from portal_api.here import Here
from portal_api.idempotency import Key, once
from portal_api.problems import not_found
from portal_api.routes.api.shapes import Shape
from portal_api.scheduling import appointments, bookings, catalog, holds, slots, terms, waiting, wishes
from portal_api.scheduling.appointments import Appointment
from portal_api.scheduling.slots import Slot, Span, Wish

router = APIRouter(prefix="/api/v1", tags=["scheduling"])
MOST = 200


class Asked(Shape):
    """What is asked for; without a payer the patient pays."""

    visit_type_id: UUID
    payer_id: str | None = Field(None, max_length=80)
    state: str = Field(pattern="^[A-Z]{2}$", description="Where the patient will be.")
    time_zone: str = Field(max_length=64, description="An IANA name, such as America/New_York.")


class HoldAsked(Asked):
    """Which times: one, or a series that is held whole or not at all."""

    calendar_id: UUID
    starts: list[AwareDatetime] = Field(min_length=1, max_length=holds.MOST_IN_SERIES)


class MoveAsked(Shape):
    """To when, and for staff to whom."""

    starts_at: AwareDatetime
    calendar_id: UUID | None = None


class WaitAsked(Asked):
    """Starts in [since, until), with one provider or with any."""

    since: AwareDatetime
    until: AwareDatetime
    calendar_id: UUID | None = None


class TermsShown(BaseModel):
    """Price and policy, in cents, as they are frozen with a hold."""

    charge_cents: int
    patient_estimate_cents: int | None
    patient_pays_cents: int
    cancel_hours: int
    late_cancel_fee_cents: int
    no_show_fee_cents: int
    free_until: datetime


class VisitShown(BaseModel):
    """A time of the patient's. `state` is the visit's, once it is booked."""

    id: UUID
    status: str
    state: str | None
    visit_type_id: UUID
    visit_type: str
    calendar_id: UUID
    provider: str
    provider_time_zone: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    hold_expires_at: datetime | None
    series_id: UUID | None
    moves: int
    terms: TermsShown


class Visits(BaseModel):
    """Visits, and the word for the next page."""

    items: list[VisitShown]
    next: str | None = None


class SlotShown(BaseModel):
    """A time that can be had."""

    calendar_id: UUID
    provider: str
    provider_time_zone: str
    starts_at: datetime


class Slots(BaseModel):
    """Open times by time and provider; `next` is the `since` of the next page."""

    items: list[SlotShown]
    next: datetime | None = None


class WaitingShown(BaseModel):
    """A place on the waiting list: waiting, or offered a time, which is among the holds."""

    id: UUID
    visit_type_id: UUID
    provider: str | None
    since: datetime
    until: datetime
    status: str


class Offer(BaseModel):
    """What can be booked, with whom, and who pays."""

    visit_types: list[VisitTypeShown]
    payers: list[PayerShown]
    calendars: list[CalendarShown]


class VisitTypeShown(BaseModel):
    """A kind of visit."""

    id: UUID
    name: str
    kind: str
    minutes: int
    for_whom: str
    charge_cents: int


class PayerShown(BaseModel):
    """A payer that somebody of the practice may accept."""

    id: str
    label: str


class CalendarShown(BaseModel):
    """A provider's calendar."""

    id: UUID
    provider: str
    time_zone: str


@router.get("/bookable", response_model=Offer)
def bookable(here: AsPatient) -> Offer:
    """Return what can be booked, with whom, and who pays."""
    return Offer(
        visit_types=[VisitTypeShown.model_validate(vars(each)) for each in catalog.visit_types(here)],
        payers=[PayerShown(id=each.id, label=each.label) for each in catalog.payers(here)],
        calendars=[
            CalendarShown(id=each.id, provider=each.title, time_zone=each.time_zone) for each in catalog.calendars(here)
        ],
    )


@router.get("/slots", response_model=Slots)
def open_slots(  # noqa: PLR0913, PLR0917 - what is asked
    here: AsPatient,
    visit_type_id: UUID,
    state: Annotated[str, Query(pattern="^[A-Z]{2}$")],
    since: AwareDatetime,
    until: AwareDatetime,
    payer_id: str | None = None,
    calendar_id: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = MOST,
) -> Slots:
    """Return the times that the patient can really have, at most 62 days of them."""
    wish = wishes.read(here, str(visit_type_id), payer_id or "", state, here.practice.time_zone)
    calendars = None if calendar_id is None else [calendar_id]
    found = slots.find(here, slots.asker(here, wish, here.me.id), Span(since, until), calendars)
    return of_slots(found, limit)


def of_slots(found: list[Slot], limit: int) -> Slots:
    """Return a page of open times; it ends between two times, never among the providers of one."""
    page = found[:limit]
    if more := found[limit:]:
        page = [each for each in page if each.starts_at < more[0].starts_at] or found
    return Slots(
        items=[
            SlotShown(
                calendar_id=each.calendar_id,
                provider=each.title,
                provider_time_zone=each.provider_time_zone,
                starts_at=each.starts_at,
            )
            for each in page
        ],
        next=found[len(page)].starts_at if len(page) < len(found) else None,
    )


@router.post("/holds", status_code=HTTPStatus.CREATED, response_model=Visits)
def hold(here: AsPatient, asked: HoldAsked, key: Key = None) -> JSONResponse:
    """Hold times, with the terms that confirming accepts; 409 when one of them cannot be had."""
    who = slots.asker(here, _wish(here, asked), here.me.id)
    request = ["holds", asked.model_dump(mode="json")]
    return once(here, key, request, lambda: _all(holds.hold_all(here, who, asked.calendar_id, asked.starts)))


@router.get("/holds", response_model=Visits)
def held(here: AsPatient) -> Visits:
    """Return what is held for the patient at this moment."""
    return _all(appointments.held(here, here.me.id))


@router.post("/holds/{appointment_id}/confirm", status_code=HTTPStatus.OK, response_model=Visits)
def confirm(here: AsPatient, appointment_id: UUID, key: Key = None) -> JSONResponse:
    """Accept the terms of a hold and book it, with its series; 409 when it has lapsed."""
    mine = _mine(here, appointment_id)
    request = ["confirm", str(appointment_id)]
    return once(here, key, request, lambda: _all(bookings.confirm(here, mine)), HTTPStatus.OK)


@router.delete("/holds/{appointment_id}", status_code=HTTPStatus.NO_CONTENT)
def release(here: AsPatient, appointment_id: UUID) -> Response:
    """Let a held time go, with its series; done again, it is still gone."""
    holds.give_up(here, _mine(here, appointment_id))
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.get("/visits", response_model=Visits)
def visits(
    here: AsPatient, when: Annotated[str, Query(pattern="^(coming|past)$")] = "coming", after: str | None = None
) -> Visits:
    """Return the patient's booked visits: to come, the next first, or past, the last first."""
    found = appointments.booked(
        here, here.me.id, is_past=when == "past", after=listing.place(after), most=appointments.PAGE + 1
    )
    page = found[: appointments.PAGE]
    more = len(found) > len(page)
    return Visits(
        items=[shown(each) for each in page], next=listing.cursor(page[-1].starts_at, page[-1].id) if more else None
    )


@router.get("/visits/{appointment_id}", response_model=VisitShown)
def visit(here: AsPatient, appointment_id: UUID) -> VisitShown:
    """Return one of the patient's visits."""
    return shown(_mine(here, appointment_id))


@router.post("/visits/{appointment_id}/move", status_code=HTTPStatus.OK, response_model=VisitShown)
def move(here: AsPatient, appointment_id: UUID, asked: MoveAsked, key: Key = None) -> JSONResponse:
    """Move a visit to another open time; 409 when that cannot be had, or it is too late."""
    mine = _mine(here, appointment_id)
    calendar_id = asked.calendar_id or mine.calendar_id
    request = ["move", str(appointment_id), asked.model_dump(mode="json")]
    return once(
        here, key, request, lambda: shown(bookings.move(here, mine, calendar_id, asked.starts_at)), HTTPStatus.OK
    )


@router.post("/visits/{appointment_id}/cancel", status_code=HTTPStatus.OK, response_model=VisitShown)
def cancel(here: AsPatient, appointment_id: UUID, key: Key = None) -> JSONResponse:
    """Cancel a visit, at the fee of its terms when it is late; `terms.free_until` says until when it is not."""
    mine = _mine(here, appointment_id)
    request = ["cancel", str(appointment_id)]
    return once(here, key, request, lambda: shown(bookings.cancel(here, mine)), HTTPStatus.OK)


@router.get("/waiting", response_model=list[WaitingShown])
def places(here: AsPatient) -> list[WaitingShown]:
    """Return where the patient waits."""
    return [_place(each) for each in waiting.of_patient(here, here.me.id)]


@router.post("/waiting", status_code=HTTPStatus.CREATED, response_model=WaitingShown)
def wait(here: AsPatient, asked: WaitAsked, key: Key = None) -> JSONResponse:
    """Put the patient on the waiting list; an offer is a hold, told by mail."""
    wish = _wish(here, asked)
    calendar = None if asked.calendar_id is None else catalog.calendar(here, asked.calendar_id)
    if asked.calendar_id is not None and calendar is None:
        raise not_found()

    def joined() -> WaitingShown:
        provider = calendar.provider_id if calendar else None
        made = waiting.join(here, wish, here.me.id, provider, Span(asked.since, asked.until))
        return next(_place(each) for each in waiting.of_patient(here, here.me.id) if each.id == made)

    return once(here, key, ["waiting", asked.model_dump(mode="json")], joined)


@router.delete("/waiting/{waiting_id}", status_code=HTTPStatus.NO_CONTENT)
def leave(here: AsPatient, waiting_id: Annotated[UUID, Path()]) -> Response:
    """Take the patient off the waiting list."""
    waiting.leave(here, here.me.id, waiting_id)
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _wish(here: Here, asked: Asked) -> Wish:
    return wishes.read(here, str(asked.visit_type_id), asked.payer_id or "", asked.state, asked.time_zone)


def _mine(here: Here, appointment_id: UUID) -> Appointment:
    found = appointments.of_patient(here, here.me.id, appointment_id)
    if found is None:
        raise not_found()
    return found


def _all(found: list[Appointment]) -> Visits:
    return Visits(items=[shown(each) for each in found])


def _place(each: waiting.Waiting) -> WaitingShown:
    return WaitingShown(
        id=each.id,
        visit_type_id=each.visit_type_id,
        provider=each.provider_name,
        since=each.since,
        until=each.until,
        status=each.status,
    )


def shown(each: Appointment) -> VisitShown:
    """Return an appointment as programs see it."""
    names = {name: getattr(each.terms, name) for name in terms.NAMES if name in TermsShown.model_fields}
    return VisitShown(
        id=each.id,
        status=each.status,
        state=each.visit_state,
        visit_type_id=each.visit_type_id,
        visit_type=each.visit_name,
        calendar_id=each.calendar_id,
        provider=each.title,
        provider_time_zone=each.provider_time_zone,
        starts_at=each.starts_at,
        ends_at=each.ends_at,
        time_zone=each.patient_time_zone,
        hold_expires_at=each.hold_expires_at,
        series_id=each.series_id,
        moves=each.moves,
        terms=TermsShown(**names, patient_pays_cents=each.terms.patient_pays_cents, free_until=each.free_until),
    )
