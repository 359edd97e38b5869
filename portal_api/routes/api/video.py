"""/api/v1: a program asks whether a video visit can be joined, joins it, agrees to be recorded, reads who was there."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import JSONResponse

from portal_api import audit
from portal_api.door import AsWorker, SignedIn
from portal_api.problems import not_found
from portal_api.routes.api.shapes import Shape
from portal_api.video import attendance, entering, gates, joining, meetings, recording

router = APIRouter(prefix="/api/v1", tags=["video"])


class CallShown(BaseModel):
    """Whether a meeting can be joined, and what stands in the way."""

    opens_at: datetime
    closes_at: datetime
    is_open: bool
    why_not: str | None
    to_do_first: list[str]
    is_recording_offered: bool
    is_recorded: bool
    is_agreed: bool


class Answer(Shape):
    """Whether the person agrees that the meeting is recorded."""

    is_agreed: bool


class StayShown(BaseModel):
    """A stay of a person in a meeting; a time that nobody told yet is null."""

    kind: str
    person_id: UUID
    joined_at: datetime | None
    left_at: datetime | None


class Stays(BaseModel):
    """Who was in a meeting, by time."""

    items: list[StayShown]


@router.get("/calls/{appointment_id}", response_model=CallShown)
def call(here: SignedIn, appointment_id: UUID) -> CallShown:
    """Return whether the meeting can be joined, and what stands in the way."""
    side = entering.side(here, appointment_id)
    why_not = joining.closed(here, side, side.seat.time_zone if side.seat else here.practice.zone)
    lacks = gates.lacks(here, side)
    standing = recording.standing(here, side)
    return CallShown(
        opens_at=side.meeting.window.opens_at,
        closes_at=side.meeting.window.closes_at,
        is_open=why_not is None and not lacks,
        why_not=why_not,
        to_do_first=[lack.words for lack in lacks],
        is_recording_offered=standing.is_offered,
        is_recorded=standing.is_on,
        is_agreed=standing.is_agreed,
    )


@router.post("/calls/{appointment_id}/joins", status_code=HTTPStatus.CREATED, response_model=dict[str, object])
def join(here: SignedIn, appointment_id: UUID, request: Request) -> JSONResponse:
    """Let the person in, under an identity for this once: asked again it is another one."""
    return JSONResponse(entering.passed(here, appointment_id, request.app.state.own_rooms), HTTPStatus.CREATED)


@router.put("/calls/{appointment_id}/recording", response_model=CallShown)
def agree(here: SignedIn, appointment_id: UUID, answer: Answer) -> CallShown:
    """Keep whether the person agrees that the meeting is recorded."""
    entering.answered(here, appointment_id, is_given=answer.is_agreed)
    return call(here, appointment_id)


@router.get("/calls/{appointment_id}/attendance", response_model=Stays)
def who_was_there(here: AsWorker, appointment_id: UUID) -> Stays:
    """Return who was in the meeting, from when until when."""
    meeting = meetings.of(here, appointment_id)
    if meeting is None:
        raise not_found()
    audit.record(here, "attendance.read", f"appointment/{meeting.id}")
    stays = attendance.stays(here, meeting.id)
    return Stays(items=[StayShown(**{**stay._asdict(), "kind": stay.kind.value}) for stay in stays])
