"""Sessions of groups: a time of a provider's with seats, set by the practice, a seat a patient."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal_api import audit
from portal_api.problems import Problem, not_found
from portal_api.scheduling import appointments, catalog, locks
from portal_api.store.rows import made

if TYPE_CHECKING:
    from datetime import datetime

    from portal_api.here import Here

_ADD = sa.text(
    "insert into portal.appointment (practice_id, id, calendar_id, visit_type_id, visit, busy, status, capacity, taken)"
    " select :practice_id, :id, c.id, t.id, tstzrange(s.starts_at, s.starts_at + make_interval(mins => t.minutes)),"
    " tstzrange(s.starts_at - make_interval(mins => t.buffer_before),"
    " s.starts_at + make_interval(mins => t.minutes + t.buffer_after)), 'booked', t.capacity, 0"
    " from portal.calendar as c cross join portal.visit_type as t"
    " cross join lateral (select cast(:local as timestamp) at time zone c.time_zone as starts_at) as s"
    " where c.id = :calendar_id and t.id = :visit_type_id and s.starts_at > :now"
    " on conflict do nothing returning id"
)
_LIST = sa.text(
    "select a.id, a.calendar_id, t.name, a.starts_at, a.ends_at, a.capacity, a.taken from portal.appointment as a"
    " inner join portal.visit_type as t on t.id = a.visit_type_id where a.calendar_id = :calendar_id"
    " and a.capacity is not null and a.status = 'booked' and a.ends_at > :now order by a.starts_at"
)
_SEATS = sa.text("select id from portal.appointment where session_id = :id and status <> 'released'")


@dataclass(frozen=True)
class Session:
    """A group's session and how many of its seats are taken."""

    id: UUID
    calendar_id: UUID
    visit_name: str
    starts_at: datetime
    ends_at: datetime
    capacity: int
    taken: int


def sessions(here: Here, calendar_id: UUID) -> list[Session]:
    """Return the sessions to come of a calendar."""
    return made(Session, here.db.execute(_LIST, {"calendar_id": calendar_id, "now": here.now}))


def add(here: Here, calendar_id: UUID, visit_type_id: UUID, local: datetime) -> UUID:
    """Set a session at a local time of the calendar's zone. Raises 404 for what is not here, 409 for a taken time."""
    kind = catalog.visit_type(here, visit_type_id)
    if kind is None or not kind.is_group or catalog.calendar(here, calendar_id) is None:
        raise not_found()
    locks.take(here, [calendar_id])
    values = {"practice_id": here.practice.practice_id, "id": uuid4(), "local": local, "now": here.now}
    session: UUID | None = here.db.scalar(_ADD, {**values, "calendar_id": calendar_id, "visit_type_id": visit_type_id})
    if session is None:
        raise Problem(HTTPStatus.CONFLICT, "time-taken", "That time is past, or something else is booked then.")
    audit.record(here, "session.set", f"appointment/{session}")
    return session


def remove(here: Here, calendar_id: UUID, session_id: UUID) -> None:
    """Take a session back in which nobody has a seat. Raises 404 for none, 409 while seats are taken."""
    locks.take(here, [calendar_id])
    found = next((each for each in sessions(here, calendar_id) if each.id == session_id), None)
    if found is None:
        raise not_found()
    if here.db.scalars(_SEATS, {"id": session_id}).first() is not None:
        raise Problem(HTTPStatus.CONFLICT, "seats-taken", "Patients have seats: cancel their visits first.")
    appointments.release(here, [session_id])
    audit.record(here, "session.removed", f"appointment/{session_id}")
