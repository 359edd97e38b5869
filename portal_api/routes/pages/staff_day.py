"""The staff's day: what is on, what waits to be closed out, and the form that closes a visit out."""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from ledger.rules.visit import State
from ledger.store import customers, holds, visits
from portal_api import audit
from portal_api.access import Role
from portal_api.care import agenda, close_out, whereabouts
from portal_api.care.close_out import Outcome
from portal_api.door import AsWorker, needs
from portal_api.here import Here
from portal_api.pages import onward, page
from portal_api.problems import Problem, not_found
from portal_api.routes.pages import staff_holds
from portal_api.scheduling import days

if TYPE_CHECKING:
    from portal_api.care.agenda import Entry

router = APIRouter()
AsCarer = Annotated[Here, needs(Role.PROVIDER, Role.FRONT_DESK, Role.PRACTICE_ADMIN)]
AsCorrector = Annotated[Here, needs(Role.FRONT_DESK, Role.BILLING, Role.PRACTICE_ADMIN)]
DAY = timedelta(days=1)


@router.get("/staff/day", response_class=HTMLResponse)
def day(here: AsWorker, on: Annotated[str, Query()] = "") -> HTMLResponse:
    """Show a day's visits, and what is over and waits to be closed out."""
    zone = here.practice.zone
    today = here.now.astimezone(zone).date()
    asked = days.read(on, today)
    entries = agenda.day(here, *days.span(asked, 1, zone))
    audit.record(here, "agenda.read", f"day/{asked}")
    return page(
        here,
        "care/day.html",
        entries=entries,
        waiting=[each for each in agenda.unclosed(here) if each not in entries],
        asked=asked,
        is_today=asked == today,
        before=asked - DAY,
        after=asked + DAY,
    )


@router.get("/staff/closing/{visit_token}", response_class=HTMLResponse)
def closing(here: AsWorker, visit_token: UUID) -> HTMLResponse:
    """Show how a visit stands: the form that closes it out, or how it was closed out and what that billed."""
    return _shown(here, entry_of(here, visit_token))


@router.post("/staff/closing/{visit_token}", response_model=None)
def close(here: AsCarer, visit_token: UUID) -> Response:
    """Close a visit out; what cannot be is said beside what was given."""
    entry = entry_of(here, visit_token)
    try:
        with here.db.begin_nested():  # of a close-out that is refused halfway nothing stays
            close_out.close(here, visit_token, _outcome(here, entry))
    except Problem as problem:
        if problem.status is not HTTPStatus.UNPROCESSABLE_ENTITY:
            raise
        return _shown(here, entry, problem)
    return onward(f"/staff/closing/{visit_token}", "closed_out")


@router.post("/staff/closing/{visit_token}/correct", response_model=None)
def correct(here: AsCorrector, visit_token: UUID) -> Response:
    """Put right how a visit was closed out."""
    entry = entry_of(here, visit_token)
    try:
        with here.db.begin_nested():
            close_out.correct(here, visit_token, _outcome(here, entry), here.form["key"])
    except Problem as problem:
        if problem.status is not HTTPStatus.UNPROCESSABLE_ENTITY:
            raise
        return _shown(here, entry, problem)
    return onward(f"/staff/closing/{visit_token}", "corrected")


def entry_of(here: Here, visit_token: UUID) -> Entry:
    """Return a visit that who is here may work on. Raises 404."""
    found = agenda.one(here, visit_token)
    if found is None:
        raise not_found()
    return found


def _outcome(here: Here, entry: Entry) -> Outcome:
    given = here.form["outcome"]
    if given not in set(close_out.CORRECTIONS):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "no-outcome", "Choose what became of the visit.")
    place = here.form.get("place") or entry.place_of_service
    reason = here.form.get("reason")[:500]
    return Outcome(State(given), place, _time(here, entry, "began"), _time(here, entry, "ended"), reason)


def _time(here: Here, entry: Entry, name: str) -> datetime | None:
    """Return a time of day on the visit's day, in the practice's time zone."""
    if not (text := here.form.get(name)):
        return None
    try:
        clock = datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - the zone follows
    except ValueError:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, "no-time", f"“{text}” is no time of day: write it like 14:30."
        ) from None
    there = entry.starts_at.astimezone(here.practice.zone)
    at = datetime.combine(there.date(), clock, here.practice.zone)
    # An evening's visit may end after midnight.
    return at + DAY if at < entry.starts_at - close_out.EARLIEST else at


def _has_card(here: Here, entry: Entry) -> bool:
    visit = visits.get(here.books, entry.visit_token)
    customer = customers.of_patient(here.books, visit.patient_token) if visit else None
    return customer is not None and customer.card is not None


def _shown(here: Here, entry: Entry, problem: Problem | None = None) -> HTMLResponse:
    audit.record(here, "visit.read", f"visit/{entry.visit_token}")
    return page(
        here,
        "care/closing.html",
        status=problem.status if problem else HTTPStatus.OK,
        problem=problem.detail if problem else "",
        entry=entry,
        closed=visits.close_out(here.books, entry.visit_token),
        has_card=_has_card(here, entry),
        held=holds.lasting(here.books, entry.visit_token),
        can_hold=here.me.has(*staff_holds.ROLES),
        told=whereabouts.said(here, entry.appointment_id) if entry.appointment_id else None,
        given=here.form,
        outcomes=close_out.OUTCOMES,
        corrections=close_out.CORRECTIONS,
        can_close=here.me.has(Role.PROVIDER, Role.FRONT_DESK, Role.PRACTICE_ADMIN),
        can_correct=here.me.has(Role.FRONT_DESK, Role.BILLING, Role.PRACTICE_ADMIN),
        key=here.form.get("key") or str(uuid4()),
    )
