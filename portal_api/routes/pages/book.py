"""A patient finds a time and books it: what for, which time, what it costs and until when it can be cancelled."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from portal_api.door import AsPatient
from portal_api.identity import people
from portal_api.pages import onward, page
from portal_api.problems import Problem, not_found
from portal_api.scheduling import appointments, bookings, catalog, days, holds, slots, waiting, wishes
from portal_api.scheduling.slots import Span

if TYPE_CHECKING:
    from datetime import datetime

    from portal_api.here import Here
    from portal_api.scheduling.appointments import Appointment
    from portal_api.scheduling.slots import Wish

router = APIRouter()
DAYS = 7
REPEATS = (1, 4, 8, 12)


@router.get("/book", response_class=HTMLResponse)
def ask(here: AsPatient) -> HTMLResponse:
    """Ask what for, who insures and where the patient will be."""
    return _ask(here)


@router.get("/book/times", response_class=HTMLResponse)
def times(  # noqa: PLR0913, PLR0917 - what stands in the address
    here: AsPatient,
    visit_type: str = "",
    payer: str = "",
    state: str = "",
    zone: str = "",
    provider: str = "",
    since: Annotated[str, Query(alias="from")] = "",
) -> HTMLResponse:
    """Show the open times of a week in the patient's time zone."""
    try:
        wish = wishes.read(here, visit_type, payer, state, zone)
        calendar = wishes.calendar_of(here, provider)
    except Problem as wrong:
        return _ask(here, wrong)
    return _times(here, wish, calendar, since)


@router.post("/book/holds", response_model=None)
def hold(here: AsPatient) -> Response:
    """Hold the chosen time while the patient reads its terms; where it is taken, show what is open."""
    form = here.form
    wish = wishes.read(here, form.get("visit_type"), form.get("payer"), form.get("state"), form.get("zone"))
    calendar_id, starts_at = slots.chosen(form.get("slot"))
    count = int(repeat) if (repeat := form.get("repeat", "1")) in map(str, REPEATS) else 1
    starts = holds.weekly(here, starts_at, wish.time_zone, 1, count)
    try:
        held = holds.hold_all(here, slots.asker(here, wish, here.me.id), calendar_id, starts)
    except Problem as problem:
        if problem.status is not HTTPStatus.CONFLICT:
            raise
        if (mine := _held_already(here, wish, calendar_id, starts_at)) is not None:
            return onward(f"/book/holds/{mine.id}")
        calendar = wishes.calendar_of(here, form.get("provider"))
        return _times(here, wish, calendar, form.get("from"), problem)
    return onward(f"/book/holds/{held[0].id}")


@router.get("/book/holds/{appointment_id}", response_class=HTMLResponse, response_model=None)
def held(here: AsPatient, appointment_id: UUID) -> Response:
    """Show what is held, its price and the policy, before anything is booked."""
    mine = _mine(here, appointment_id)
    return onward(f"/visits/{mine.id}") if mine.status == "booked" else _held(here, mine)


@router.post("/book/holds/{appointment_id}/confirm", response_model=None)
def confirm(here: AsPatient, appointment_id: UUID) -> Response:
    """Book what is held, once its terms are accepted."""
    mine = _mine(here, appointment_id)
    if mine.status == "booked":
        return onward(f"/visits/{mine.id}", "booked")
    if here.form.get("accept") != "yes" or not mine.is_held(here.now):
        return _held(here, mine, "Please tick that you agree to the terms, or let the time go.")
    bookings.confirm(here, mine)
    return onward(f"/visits/{mine.id}", "booked")


@router.post("/book/holds/{appointment_id}/release", response_model=None)
def release(here: AsPatient, appointment_id: UUID) -> Response:
    """Let a held time go."""
    holds.give_up(here, _mine(here, appointment_id))
    return onward("/book", "released")


@router.post("/book/waiting", response_model=None)
def wait(here: AsPatient) -> Response:
    """Put the patient on the waiting list for some days."""
    form = here.form
    wish = wishes.read(here, form.get("visit_type"), form.get("payer"), form.get("state"), form.get("zone"))
    zone = ZoneInfo(wish.time_zone)
    today = here.now.astimezone(zone).date()
    first, last = (days.read(form.get(name), today) for name in ("first", "last"))
    calendar_id = wishes.calendar_of(here, form.get("provider"))
    provider = next((each.provider_id for each in catalog.calendars(here) if each.id == calendar_id), None)
    try:
        waiting.join(here, wish, here.me.id, provider, days.span(first, (last - first).days + 1, zone))
    except Problem as problem:
        return _times(here, wish, calendar_id, form.get("from"), problem)
    return onward("/visits", "waiting")


@router.post("/book/waiting/{waiting_id}/leave", response_model=None)
def leave(here: AsPatient, waiting_id: UUID) -> Response:
    """Take the patient off the waiting list."""
    waiting.leave(here, here.me.id, waiting_id)
    return onward("/visits", "waiting_left")


def _ask(here: Here, problem: Problem | None = None) -> HTMLResponse:
    patient = people.patient(here, here.me.id)
    own = patient.time_zone if patient and patient.time_zone else here.practice.time_zone
    suits = {"anyone", "new" if slots.is_new(here, here.me.id) else "established"}
    return page(
        here,
        "scheduling/book.html",
        status=problem.status if problem else HTTPStatus.OK,
        problem=problem.detail if problem else "",
        visit_types=[each for each in catalog.visit_types(here) if each.for_whom in suits],
        payers=catalog.payers(here),
        calendars=catalog.calendars(here),
        states=wishes.STATES,
        zones={own: wishes.zone_called(own)} | wishes.ZONES,
        own_zone=own,
        own_state=patient.home_state if patient else None,
    )


def _times(here: Here, wish: Wish, calendar: UUID | None, since: str, problem: Problem | None = None) -> HTMLResponse:
    zone = ZoneInfo(wish.time_zone)
    today = here.now.astimezone(zone).date()
    first = max(days.read(since, today), today)
    span = days.span(first, DAYS, zone)
    who = slots.asker(here, wish, here.me.id)
    chosen = [calendar] if calendar else None
    found = slots.find(here, who, span, chosen)
    later = [] if found else slots.find(here, who, Span(span.until, span.until + slots.LONGEST_LOOK), chosen)
    said = {
        "visit_type": wish.visit_type_id,
        "payer": wish.payer_id or "",
        "state": wish.state,
        "zone": wish.time_zone,
        "provider": calendar or "",
    }

    def week(offset: int) -> str:
        return f"/book/times?{urlencode({**said, 'from': first + timedelta(days=offset)})}"

    return page(
        here,
        "scheduling/times.html",
        status=problem.status if problem else HTTPStatus.OK,
        problem=problem.detail if problem else "",
        kind=catalog.visit_type(here, wish.visit_type_id),
        days=days.grouped(found, zone),
        next_open=later[0] if later else None,
        next_from=f"/book/times?{urlencode({**said, 'from': later[0].starts_at.astimezone(zone).date()})}"
        if later
        else "",
        zone=zone,
        zone_name=wishes.zone_called(zone.key),
        said_fields={**said, "from": first},
        first=first,
        last=first + timedelta(days=DAYS - 1),
        before=week(-DAYS) if first > today else "",
        after=week(DAYS),
        repeats=REPEATS,
        latest=first + timedelta(days=28),
    )


def _held_already(here: Here, wish: Wish, calendar_id: UUID, starts_at: datetime) -> Appointment | None:
    """Return what a first click on the same time held."""
    wanted = (calendar_id, starts_at, wish)
    held = appointments.held(here, here.me.id)
    return next((each for each in held if (each.calendar_id, each.starts_at, each.wish) == wanted), None)


def _held(here: Here, mine: Appointment, problem: str = "") -> HTMLResponse:
    together = [each for each in appointments.of_series(here, mine) if each.status == "held"]
    expires = mine.hold_expires_at
    if expires is None or not mine.is_held(here.now):
        return page(here, "scheduling/lapsed.html", status=HTTPStatus.GONE)
    return page(
        here,
        "scheduling/hold.html",
        status=HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK,
        problem=problem,
        mine=mine,
        together=together,
        minutes_left=max(1, int((expires - here.now).total_seconds() // 60)),
        payers={each.id: each.label for each in catalog.payers(here)},
        states=wishes.STATES,
    )


def _mine(here: Here, appointment_id: UUID) -> Appointment:
    found = appointments.of_patient(here, here.me.id, appointment_id)
    if found is None:
        raise not_found()
    return found
