"""/api/v1/calendars: a program sets a provider's hours and asks why there is no time, as staff do on their pages."""

from __future__ import annotations

from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, Field, NaiveDatetime
from starlette.responses import Response

from portal_api.here import Here
from portal_api.idempotency import Key, once
from portal_api.problems import not_found
from portal_api.routes.api.shapes import Shape
from portal_api.routes.pages.staff_hours import AsPlanner, mine, one_of_mine
from portal_api.scheduling import groups, hours, slots, stranded, wishes
from portal_api.scheduling.slots import Asker, Span

router = APIRouter(prefix="/api/v1/calendars", tags=["calendars"])


class HoursShown(Shape):
    """Hours of a local day: "09:00" to "17:00"; an end of "00:00" is midnight."""

    begins: str = Field(max_length=5)
    ends: str = Field(max_length=5)


class Week(Shape):
    """The hours of each weekday, Monday is 1."""

    days: dict[Annotated[int, Field(ge=1, le=7)], list[HoursShown]]


class DayAsked(Shape):
    """Hours of one day: instead of the week's, also beside them, or closed (without hours)."""

    on_date: date
    kind: Literal["instead", "also", "closed"]
    hours: HoursShown | None = None


class OffAsked(Shape):
    """Time off between two local times of the calendar's zone."""

    begins: NaiveDatetime
    ends: NaiveDatetime


class SessionAsked(Shape):
    """A group's session at a local time of the calendar's zone."""

    visit_type_id: UUID
    starts: NaiveDatetime


class DayShown(BaseModel):
    """A day with hours of its own."""

    id: UUID
    on_date: date
    kind: str
    hours: HoursShown | None


class OffShown(BaseModel):
    """Time off, in local times of the calendar's zone."""

    id: UUID
    begins: datetime
    ends: datetime


class SessionShown(BaseModel):
    """A group's session and its seats."""

    id: UUID
    visit_type: str
    starts_at: datetime
    ends_at: datetime
    capacity: int
    taken: int


class StrandedShown(BaseModel):
    """A booked visit outside the hours: it stays booked until somebody moves or cancels it."""

    id: UUID
    what: str
    starts_at: datetime


class CalendarShown(BaseModel):
    """A calendar with its hours, the days to come that have their own, time off and sessions.

    `stranded` are the visits of the next two months that are booked outside of them.
    """

    id: UUID
    provider: str
    time_zone: str
    week: dict[int, list[HoursShown]]
    days: list[DayShown]
    time_off: list[OffShown]
    sessions: list[SessionShown]
    stranded: list[StrandedShown]


class WhyShown(BaseModel):
    """A time and what hides it; nothing: it can be had."""

    starts_at: datetime
    reasons: list[str]


@router.get("", response_model=list[CalendarShown])
def calendars(here: AsPlanner) -> list[CalendarShown]:
    """Return the calendars that who asks may set."""
    return [_shown(here, each.id) for each in mine(here)]


@router.get("/{calendar_id}", response_model=CalendarShown)
def calendar(here: AsPlanner, calendar_id: UUID) -> CalendarShown:
    """Return a calendar."""
    return _shown(here, calendar_id)


@router.put("/{calendar_id}/week", response_model=CalendarShown)
def week(here: AsPlanner, calendar_id: UUID, asked: Week) -> CalendarShown:
    """Replace the week's hours; sent again, they are what they are."""
    chosen = one_of_mine(here, calendar_id)
    wanted = [(day, hours.read(each.begins, each.ends)) for day, of_day in asked.days.items() for each in of_day]
    hours.keep_week(here, chosen.id, wanted)
    return _shown(here, chosen.id)


@router.post("/{calendar_id}/days", status_code=HTTPStatus.CREATED, response_model=CalendarShown)
def day(here: AsPlanner, calendar_id: UUID, asked: DayAsked, key: Key = None) -> JSONResponse:
    """Give a day hours of its own, or close it."""
    chosen = one_of_mine(here, calendar_id)
    times = hours.read(asked.hours.begins, asked.hours.ends) if asked.hours else None

    def added() -> CalendarShown:
        hours.add_special(here, chosen.id, asked.on_date, asked.kind, times)
        return _shown(here, chosen.id)

    return once(here, key, ["days", str(chosen.id), asked.model_dump(mode="json")], added)


@router.post("/{calendar_id}/time-off", status_code=HTTPStatus.CREATED, response_model=CalendarShown)
def off(here: AsPlanner, calendar_id: UUID, asked: OffAsked, key: Key = None) -> JSONResponse:
    """Take time off."""
    chosen = one_of_mine(here, calendar_id)

    def added() -> CalendarShown:
        hours.add_time_off(here, chosen.id, asked.begins, asked.ends)
        return _shown(here, chosen.id)

    return once(here, key, ["time-off", str(chosen.id), asked.model_dump(mode="json")], added)


@router.post("/{calendar_id}/sessions", status_code=HTTPStatus.CREATED, response_model=CalendarShown)
def session(here: AsPlanner, calendar_id: UUID, asked: SessionAsked, key: Key = None) -> JSONResponse:
    """Set a group's session; 409 where something else is booked."""
    chosen = one_of_mine(here, calendar_id)

    def added() -> CalendarShown:
        groups.add(here, chosen.id, asked.visit_type_id, asked.starts)
        return _shown(here, chosen.id)

    return once(here, key, ["sessions", str(chosen.id), asked.model_dump(mode="json")], added)


@router.delete("/{calendar_id}/days/{which}", status_code=HTTPStatus.NO_CONTENT)
@router.delete("/{calendar_id}/time-off/{which}", status_code=HTTPStatus.NO_CONTENT)
def remove(here: AsPlanner, calendar_id: UUID, which: UUID) -> Response:
    """Remove the hours of a day, or time off."""
    if not hours.remove(here, one_of_mine(here, calendar_id).id, which):
        raise not_found()
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.delete("/{calendar_id}/sessions/{session_id}", status_code=HTTPStatus.NO_CONTENT)
def session_removed(here: AsPlanner, calendar_id: UUID, session_id: UUID) -> Response:
    """Take back a session in which nobody has a seat."""
    groups.remove(here, one_of_mine(here, calendar_id).id, session_id)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.get("/{calendar_id}/why", response_model=list[WhyShown])
def why(  # noqa: PLR0913, PLR0917 - what is asked
    here: AsPlanner,
    calendar_id: UUID,
    visit_type_id: UUID,
    state: Annotated[str, Query(pattern="^[A-Z]{2}$")],
    since: AwareDatetime,
    until: AwareDatetime,
    payer_id: str | None = None,
    is_new: bool = False,
) -> list[WhyShown]:
    """Return every time of some days, at most a week, with what hides it."""
    chosen = one_of_mine(here, calendar_id)
    wish = wishes.read(here, str(visit_type_id), payer_id or "", state, chosen.time_zone)
    span = Span(since, min(until, since + 7 * slots.A_DAY))
    found = slots.why(here, Asker(wish, None, is_new), chosen.id, span)
    return [WhyShown(starts_at=at, reasons=reasons) for at, reasons in found]


def _shown(here: Here, calendar_id: UUID) -> CalendarShown:
    chosen = one_of_mine(here, calendar_id)
    of_week = hours.week(here, chosen.id)
    return CalendarShown(
        id=chosen.id,
        provider=chosen.title,
        time_zone=chosen.time_zone,
        week={weekday: [_hours(each) for each in of_day] for weekday, of_day in of_week.items()},
        days=[
            DayShown(id=each.id, on_date=each.on_date, kind=each.kind, hours=_hours(each.hours) if each.hours else None)
            for each in hours.special(here, chosen.id)
        ],
        time_off=[OffShown(id=each.id, begins=each.begins, ends=each.ends) for each in hours.time_off(here, chosen.id)],
        sessions=[
            SessionShown(
                id=each.id,
                visit_type=each.visit_name,
                starts_at=each.starts_at,
                ends_at=each.ends_at,
                capacity=each.capacity,
                taken=each.taken,
            )
            for each in groups.sessions(here, chosen.id)
        ],
        stranded=[StrandedShown(**vars(each)) for each in stranded.of_calendar(here, chosen.id)],
    )


def _hours(each: hours.Hours) -> HoursShown:
    return HoursShown(begins=each.begins, ends=each.ends)
