"""The close-out: the one signal that bills. A provider says what became of a visit; the ledger decides what follows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from ledger.rules.place_of_service import AT_HOME, ELSEWHERE
from ledger.rules.visit import Actor, NotAllowed, State
from ledger.store import visits
from portal_api import audit
from portal_api.access import Role
from portal_api.problems import Problem, not_found
from portal_api.scheduling import terms

if TYPE_CHECKING:
    from uuid import UUID

    from ledger.store.visits import Visit
    from portal_api.here import Here

OUTCOMES = (State.COMPLETED, State.PARTIALLY_COMPLETED, State.ABANDONED, State.NO_SHOW)
CORRECTIONS = (*OUTCOMES, State.CANCELLED, State.LATE_CANCELLED)
PLACES = (AT_HOME, ELSEWHERE)
EARLIEST = timedelta(hours=2)
"""How long before its time a visit may have begun."""


@dataclass(frozen=True)
class Outcome:
    """What became of a visit. Without times it took place as it was scheduled, or as the video saw it."""

    state: State
    place_of_service: str
    started_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str = ""


def close(here: Here, visit_token: UUID, outcome: Outcome) -> Visit:
    """Close a visit out, once: told again it stays as it is closed.

    Raises Problem: 404 for a visit that is not here, 409 (closed-out) when it was closed otherwise already, 422 for
    times that cannot be and for what the visit's rules refuse, with their sentence.
    """
    visit = visits.get(here.books, visit_token)
    if visit is None:
        raise not_found()
    if visits.close_out(here.books, visit_token) is not None:
        if visit.state is outcome.state:
            return visit
        raise Problem(
            HTTPStatus.CONFLICT,
            "closed-out",
            f"This visit was closed out already: {visit.state.value.replace('_', ' ')}.",
        )
    try:
        closed = _missed(here, visit, outcome) if outcome.state is State.NO_SHOW else _held(here, visit, outcome)
    except NotAllowed as refused:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "not-closed", str(refused)) from refused
    audit.record(here, "visit.closed", f"visit/{visit_token}")
    return closed


def correct(here: Here, visit_token: UUID, outcome: Outcome, key: str) -> Visit:
    """Put right how a visit was closed out, by staff and with a reason; the books turn the difference into a memo.

    `key` names this correction of this visit: told again, it is done already. Raises Problem as `close` does.
    """
    visit = visits.get(here.books, visit_token)
    if visit is None or visits.close_out(here.books, visit_token) is None:
        raise not_found()
    try:
        if visit.place_of_service != outcome.place_of_service:
            change = {"place_of_service": _place(outcome)}
            deed = visits.Deed(f"correct/{visit_token}/{key}/place", Actor.STAFF, here.now, outcome.reason)
            visit = visits.edit(here.books, visit_token, change, deed)
        if visit.state is not outcome.state:
            deed = visits.Deed(f"correct/{visit_token}/{key}", Actor.STAFF, here.now, outcome.reason)
            visit = visits.advance(here.books, visit_token, outcome.state, deed)
    except NotAllowed as refused:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "not-corrected", str(refused)) from refused
    audit.record(here, "visit.corrected", f"visit/{visit_token}")
    return visit


def _missed(here: Here, visit: Visit, outcome: Outcome) -> Visit:
    if here.now < visit.scheduled_start:
        raise NotAllowed("A visit that has yet to begin cannot have been missed.")
    return _advanced(here, visit, State.NO_SHOW, here.now, outcome.reason)


def _held(here: Here, visit: Visit, outcome: Outcome) -> Visit:
    """Close a visit that took place, if only in part: begun, where the patient was, and ended."""
    started = outcome.started_at or visit.started_at or visit.scheduled_start
    ended = outcome.ended_at or min(max(visit.scheduled_end, started), here.now)
    if not visit.scheduled_start - EARLIEST <= started < ended <= here.now:
        raise NotAllowed(
            "The visit must have begun at or near its time, before it ended, and ended by now: correct the two times."
        )
    actor = _actor(here)
    if visit.state is State.SCHEDULED:
        visit = _advanced(here, visit, State.STARTED, started, "")
    changes = {"started_at": started, "place_of_service": _place(outcome)}
    if news := {name: value for name, value in changes.items() if getattr(visit, name) != value}:
        deed = visits.Deed(f"close/{visit.visit_token}/as-it-was", actor, here.now)
        visit = visits.edit(here.books, visit.visit_token, news, deed)
    return _advanced(here, visit, outcome.state, ended, outcome.reason)


def _advanced(here: Here, visit: Visit, to: State, at: datetime, reason: str) -> Visit:
    deed = visits.Deed(f"close/{visit.visit_token}/{to.value}", _actor(here), at, reason or None)
    agreed = terms.of_visit(here, visit.visit_token)
    return visits.advance(here.books, visit.visit_token, to, deed, agreed.of_ledger if agreed else None)


def _place(outcome: Outcome) -> str:
    if outcome.place_of_service not in PLACES:
        raise NotAllowed("Say where the patient was: at home (10) or elsewhere (02).")
    return outcome.place_of_service


def _actor(here: Here) -> Actor:
    return Actor.PROVIDER if Role.PROVIDER in here.me.roles else Actor.STAFF
