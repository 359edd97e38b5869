"""Providers and the front desk set hours, single days, time off and group sessions."""

from __future__ import annotations

from datetime import date, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from portal_api.access import Role
from portal_api.door import needs
from portal_api.here import Here
from portal_api.pages import onward, page
from portal_api.problems import Problem, not_found
from portal_api.scheduling import catalog, groups, hours, stranded

if TYPE_CHECKING:
    from portal_api.scheduling.catalog import Calendar

router = APIRouter()
OFFICE = (Role.FRONT_DESK, Role.PRACTICE_ADMIN)
AsPlanner = Annotated[Here, needs(Role.PROVIDER, *OFFICE)]
ROWS = 3
"""Windows of a weekday that the form has places for."""


@router.get("/staff/hours", response_class=HTMLResponse, response_model=None)
def calendars(here: AsPlanner) -> Response:
    """Show whose hours can be set; who has only their own goes there."""
    found = mine(here)
    if len(found) == 1:
        return onward(f"/staff/hours/{found[0].id}")
    return page(here, "scheduling/calendars.html", calendars=found, is_admin=here.me.has(Role.PRACTICE_ADMIN))


@router.get("/staff/hours/{calendar_id}", response_class=HTMLResponse)
def show(here: AsPlanner, calendar_id: UUID) -> HTMLResponse:
    """Show the hours of a calendar."""
    return _editor(here, one_of_mine(here, calendar_id))


@router.post("/staff/hours/{calendar_id}/week", response_model=None)
def week(here: AsPlanner, calendar_id: UUID) -> Response:
    """Replace the week's hours; what is wrong is said beside what was written."""
    calendar = one_of_mine(here, calendar_id)
    try:
        wanted = [(day, hours.read(*pair)) for day in range(1, 8) for pair in _pairs(here, day) if any(pair)]
    except Problem as wrong:
        return _editor(here, calendar, wrong.detail)
    hours.keep_week(here, calendar.id, wanted)
    return onward(f"/staff/hours/{calendar.id}", "hours_saved")


@router.post("/staff/hours/{calendar_id}/days", response_model=None)
def day(here: AsPlanner, calendar_id: UUID) -> Response:
    """Give one day hours of its own, or close it."""
    calendar = one_of_mine(here, calendar_id)
    form = here.form
    try:
        times = None if form.get("kind") == "closed" else hours.read(form.get("begins"), form.get("ends"))
        hours.add_special(here, calendar.id, _date(form.get("on_date")), form.get("kind"), times)
    except Problem as wrong:
        return _editor(here, calendar, wrong.detail)
    return onward(f"/staff/hours/{calendar.id}", "hours_saved")


@router.post("/staff/hours/{calendar_id}/off", response_model=None)
def off(here: AsPlanner, calendar_id: UUID) -> Response:
    """Take time off."""
    calendar = one_of_mine(here, calendar_id)
    try:
        hours.add_time_off(here, calendar.id, _local(here, "off_from"), _local(here, "off_to"))
    except Problem as wrong:
        return _editor(here, calendar, wrong.detail)
    return onward(f"/staff/hours/{calendar.id}", "hours_saved")


@router.post("/staff/hours/{calendar_id}/remove/{which}", response_model=None)
def remove(here: AsPlanner, calendar_id: UUID, which: UUID) -> Response:
    """Remove the hours of a day, or time off."""
    calendar = one_of_mine(here, calendar_id)
    if not hours.remove(here, calendar.id, which):
        raise not_found()
    return onward(f"/staff/hours/{calendar.id}", "hours_saved")


@router.post("/staff/hours/{calendar_id}/sessions", response_model=None)
def session(here: AsPlanner, calendar_id: UUID) -> Response:
    """Set a group's session."""
    calendar = one_of_mine(here, calendar_id)
    kinds = {str(each.id): each.id for each in catalog.visit_types(here) if each.is_group}
    try:
        if here.form.get("visit_type") not in kinds:
            raise _wrong("Choose which group.")
        groups.add(here, calendar.id, kinds[here.form.get("visit_type")], _local(here, "starts"))
    except Problem as wrong:
        return _editor(here, calendar, wrong.detail)
    return onward(f"/staff/hours/{calendar.id}", "hours_saved")


@router.post("/staff/hours/{calendar_id}/sessions/{session_id}/remove", response_model=None)
def session_removed(here: AsPlanner, calendar_id: UUID, session_id: UUID) -> Response:
    """Take back a session in which nobody has a seat."""
    calendar = one_of_mine(here, calendar_id)
    groups.remove(here, calendar.id, session_id)
    return onward(f"/staff/hours/{calendar.id}", "hours_saved")


def mine(here: Here) -> list[Calendar]:
    """Return the calendars that who is here may set: the office all of them, a provider their own."""
    everybody = catalog.calendars(here)
    if here.me.has(*OFFICE):
        return everybody
    return [each for each in everybody if each.ledger_id == here.me.provider_id]


def one_of_mine(here: Here, calendar_id: UUID) -> Calendar:
    """Return one of these. Raises 404."""
    found = next((each for each in mine(here) if each.id == calendar_id), None)
    if found is None:
        raise not_found()
    return found


def _editor(here: Here, calendar: Calendar, problem: str = "") -> HTMLResponse:
    return page(
        here,
        "scheduling/hours.html",
        status=HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK,
        problem=problem,
        calendar=calendar,
        week=_written(here) if problem and here.form.get("1_begins_0", "-") != "-" else _kept(here, calendar),
        zone=ZoneInfo(calendar.time_zone),
        weekdays=hours.WEEKDAYS,
        special=hours.special(here, calendar.id),
        time_off=hours.time_off(here, calendar.id),
        sessions=groups.sessions(here, calendar.id),
        stranded=stranded.of_calendar(here, calendar.id),
        group_types=[each for each in catalog.visit_types(here) if each.is_group],
    )


def _kept(here: Here, calendar: Calendar) -> dict[int, list[tuple[str, str]]]:
    found = hours.week(here, calendar.id)
    return {day: _filled([(each.begins, each.ends) for each in of_day]) for day, of_day in found.items()}


def _written(here: Here) -> dict[int, list[tuple[str, str]]]:
    return {day: _pairs(here, day) for day in range(1, 8)}


def _filled(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return pairs + [("", "")] * max(1, ROWS - len(pairs))


def _pairs(here: Here, day: int) -> list[tuple[str, str]]:
    """Return what the form has for a weekday: as many windows as it had places for."""
    places = sum(name.startswith(f"{day}_begins_") for name in here.form.values)
    form = here.form
    return [(form.get(f"{day}_begins_{place}"), form.get(f"{day}_ends_{place}")) for place in range(places)]


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _wrong("Choose a day.") from None


def _local(here: Here, name: str) -> datetime:
    """Return a local time, without a zone: the calendar's follows."""
    try:
        return datetime.fromisoformat(here.form.get(name)).replace(tzinfo=None)
    except ValueError:
        raise _wrong("Choose day and time.") from None


def _wrong(sentence: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, "no-hours", sentence)
