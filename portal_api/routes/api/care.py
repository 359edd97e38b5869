"""/api/v1: the staff's day and the close-out, and where a patient says they are."""

from __future__ import annotations

from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, Field
from starlette.responses import Response

from ledger.rules.visit import State
from ledger.store import visits
from portal_api import audit
from portal_api.care import agenda, close_out, whereabouts
from portal_api.care.agenda import Entry
from portal_api.care.close_out import Outcome
from portal_api.door import AsPatient, AsWorker
from portal_api.here import Here
from portal_api.idempotency import Key, once
from portal_api.problems import Problem
from portal_api.routes.api.shapes import Shape
from portal_api.routes.pages.staff_day import AsCarer, AsCorrector, entry_of
from portal_api.scheduling import appointments, days, wishes

router = APIRouter(prefix="/api/v1", tags=["care"])
Text = Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")]


class EntryShown(BaseModel):
    """A visit of the practice. `patient_share_cents` once it is closed out."""

    visit_token: UUID
    appointment_id: UUID | None
    patient: str
    what: str
    provider: str
    starts_at: datetime
    ends_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    state: str
    place_of_service: str
    patient_share_cents: int | None = None


class Agenda(BaseModel):
    """A day of visits, at most 200, and those of any day that are over and not closed out."""

    items: list[EntryShown]
    to_close_out: list[EntryShown]


class OutcomeAsked(Shape):
    """What became of a visit. Without times it took place as it was scheduled, or as the video saw it."""

    outcome: Literal["completed", "partially_completed", "abandoned", "no_show"]
    place_of_service: Literal["02", "10"]
    started_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    reason: Text = ""


class CorrectionAsked(Shape):
    """What a visit should have been closed out as, and why."""

    outcome: Literal["completed", "partially_completed", "abandoned", "no_show", "cancelled", "late_cancelled"]
    place_of_service: Literal["02", "10"]
    reason: Text
    correction: Annotated[str, Field(min_length=8, max_length=80, pattern=r"^[\x21-\x7e]+$")]


class PlaceAsked(Shape):
    """Where the patient is."""

    is_home: bool
    state: str = Field(pattern="^[A-Z]{2}$")


@router.get("/agenda", response_model=Agenda)
def day(here: AsWorker, on: Annotated[date | None, Query()] = None) -> Agenda:
    """Return a day of the practice, in its own time zone; providers see their own visits."""
    zone = here.practice.zone
    today = here.now.astimezone(zone).date()
    asked = days.read(str(on), today)
    audit.record(here, "agenda.read", f"day/{asked}")
    return Agenda(
        items=[_shown(here, each) for each in agenda.day(here, *days.span(asked, 1, zone))],
        to_close_out=[_shown(here, each) for each in agenda.unclosed(here)],
    )


@router.post("/agenda/{visit_token}/close", status_code=HTTPStatus.OK, response_model=EntryShown)
def close(here: AsCarer, visit_token: UUID, asked: OutcomeAsked, key: Key = None) -> JSONResponse:
    """Close a visit out, once: the one signal that bills. 409 where it was closed out otherwise."""
    entry_of(here, visit_token)
    outcome = Outcome(State(asked.outcome), asked.place_of_service, asked.started_at, asked.ended_at, asked.reason)

    def closed() -> EntryShown:
        close_out.close(here, visit_token, outcome)
        return _shown(here, entry_of(here, visit_token))

    return once(here, key, ["close", str(visit_token), asked.model_dump(mode="json")], closed, HTTPStatus.OK)


@router.post("/agenda/{visit_token}/correct", status_code=HTTPStatus.OK, response_model=EntryShown)
def correct(here: AsCorrector, visit_token: UUID, asked: CorrectionAsked) -> EntryShown:
    """Put right how a visit was closed out; `correction` names this one, told again it is done already."""
    entry_of(here, visit_token)
    outcome = Outcome(State(asked.outcome), asked.place_of_service, reason=asked.reason)
    close_out.correct(here, visit_token, outcome, asked.correction)
    return _shown(here, entry_of(here, visit_token))


@router.put("/visits/{appointment_id}/where", status_code=HTTPStatus.NO_CONTENT)
def where(here: AsPatient, appointment_id: UUID, asked: PlaceAsked) -> Response:
    """Say where the patient is for a visit; where its provider has no license, `todo` says so and nobody is let in."""
    mine = appointments.own_visit(here, appointment_id)
    if asked.state not in wishes.STATES:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "no-place", "`state` must be the two letters of a state.")
    whereabouts.say(here, mine, is_home=asked.is_home, state=asked.state)
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _shown(here: Here, entry: Entry) -> EntryShown:
    closed = None if entry.is_open else visits.close_out(here.books, entry.visit_token)
    shown = {name: getattr(entry, name) for name in EntryShown.model_fields if hasattr(entry, name)}
    return EntryShown(**shown, patient_share_cents=closed.verdict.target_cents if closed else None)
