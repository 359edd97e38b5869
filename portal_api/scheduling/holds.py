"""A time is held for a patient while they read what it costs: the row that the constraint of the database lets in."""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal_api import audit
from portal_api.problems import Problem, not_found
from portal_api.scheduling import appointments, catalog, locks, slots, terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portal_api.here import Here
    from portal_api.scheduling.appointments import Appointment
    from portal_api.scheduling.catalog import VisitType
    from portal_api.scheduling.slots import Asker

MOST_IN_SERIES = 12
MOST_AT_ONCE = 3
"""Times that one patient may hold beside each other: scarce things are not for hoarding (ASVS 2.4.1)."""
_INSERT = sa.text(f"""
insert into portal.appointment (
    practice_id, id, calendar_id, visit_type_id, patient_id, session_id, series_id, waiting_id, visit, busy, status,
    hold_expires_at, payer_id, patient_state, patient_time_zone, {", ".join(terms.NAMES)}
)
values (
    :practice_id, :id, :calendar_id, :visit_type_id, :patient_id, :session_id, :series_id, :waiting_id,
    tstzrange(:starts_at, :starts_at + :lasts), tstzrange(:starts_at - :before, :starts_at + :lasts + :after),
    'held', :expires_at, :payer_id, :state, :time_zone, {", ".join(f":{name}" for name in terms.NAMES)}
)
on conflict do nothing
returning id
""")
# Their calendars join the locks: whoever gives a lapsed hold back has the lock of its calendar.
_LAPSED_OF = sa.text(
    "select id, calendar_id from portal.appointment where patient_id = :patient_id and status = 'held'"
    " and hold_expires_at <= :now"
)
_LAPSED_AT = sa.text(
    "select id from portal.appointment where status = 'held' and hold_expires_at <= :now"
    " and (calendar_id = any(:calendars) or patient_id = :patient_id)"
)
_LOCAL_WEEKS = sa.text(
    "select (cast(:first as timestamptz) at time zone :zone + make_interval(days => 7 * :every * n)) at time zone :zone"
    " from generate_series(0, :count - 1) as n"
)


class _Place(NamedTuple):
    calendar_id: UUID
    starts: Sequence[datetime]
    waiting_id: UUID | None


def hold(here: Here, who: Asker, calendar_id: UUID, starts_at: datetime, waiting_id: UUID | None = None) -> Appointment:
    """Hold one time for a patient. Raises 404 for a calendar that is not here, 409 when the time cannot be had."""
    (held,) = hold_all(here, who, calendar_id, [starts_at], waiting_id)
    return held


def hold_all(
    here: Here, who: Asker, calendar_id: UUID, starts: Sequence[datetime], waiting_id: UUID | None = None
) -> list[Appointment]:
    """Hold several times as one series, all or none.

    Raises 404 for a calendar or a visit type that is not here (looked up first: an exclusion constraint sees other
    practices too), 409 when one of the times cannot be had.
    """
    kind = catalog.visit_type(here, who.wish.visit_type_id)
    if who.patient_id is None or kind is None or catalog.calendar(here, calendar_id) is None:
        raise not_found()
    if not 1 <= len(set(starts)) == len(starts) <= MOST_IN_SERIES:
        raise Problem(HTTPStatus.BAD_REQUEST, "no-series", f"Choose 1 to {MOST_IN_SERIES} different times.")
    _lock(here, who.patient_id, calendar_id)
    if waiting_id is None:
        _not_too_many(here, who.patient_id)
    if late := [each for each in starts if not slots.is_open(here, who, calendar_id, each)]:
        raise taken(late)
    ids = _insert(here, who, kind, _Place(calendar_id, starts, waiting_id))
    for each in ids:
        audit.record(here, "visit.held", f"appointment/{each}")
    found = [appointments.get(here, each) for each in ids]
    return [each for each in found if each is not None]


def weekly(here: Here, first: datetime, zone: str, every: int, count: int) -> list[datetime]:
    """Return the same local time every so many weeks, through changes of the clocks."""
    return list(here.db.scalars(_LOCAL_WEEKS, {"first": first, "zone": zone, "every": every, "count": count}))


def give_up(here: Here, appointment: Appointment) -> None:
    """Give a hold back with its series; what is booked stays."""
    together = appointments.of_series(here, appointment)
    locks.take(here, [appointment.patient_id, *(each.calendar_id for each in together)])
    held = [each for each in appointments.of_series(here, appointment) if each.status == "held"]
    appointments.release(here, [each.id for each in held])


def taken(times: Sequence[datetime]) -> Problem:
    """Return the answer to a time that cannot be had; whose it is, is nobody's business."""
    which = "This time" if len(times) == 1 else f"{len(times)} of these times"
    return Problem(
        HTTPStatus.CONFLICT,
        "time-taken",
        f"{which} can no longer be had: somebody was faster, or it is not offered. Please choose another.",
    )


def _lock(here: Here, patient_id: UUID, calendar_id: UUID) -> None:
    """Take the locks of the calendar and of the patient, and give back what lapsed in their way."""
    mine = here.db.execute(_LAPSED_OF, {"patient_id": patient_id, "now": here.now}).all()
    calendars = [calendar_id, *(row.calendar_id for row in mine)]
    locks.take(here, [patient_id, *calendars])
    ids = list(here.db.scalars(_LAPSED_AT, {"calendars": calendars, "patient_id": patient_id, "now": here.now}))
    if ids:
        appointments.release(here, ids)


def _not_too_many(here: Here, patient_id: UUID) -> None:
    held = appointments.held(here, patient_id)
    if len({each.series_id or each.id for each in held if each.waiting_id is None}) >= MOST_AT_ONCE:
        raise Problem(
            HTTPStatus.CONFLICT,
            "too-many-holds",
            f"You hold {MOST_AT_ONCE} times already: book one of them or let it go first.",
        )


def _insert(here: Here, who: Asker, kind: VisitType, place: _Place) -> list[UUID]:
    """Insert a row for each time, all or none; a group's have a seat in a session each."""
    ids = [uuid4() for _ in place.starts]
    values = _values(here, who, kind, place)

    def insert() -> list[UUID]:
        made: list[UUID] = []
        for one, starts_at in zip(ids, place.starts, strict=True):
            session = appointments.take_seat(here, place.calendar_id, kind.id, starts_at) if kind.is_group else None
            if session is not None or not kind.is_group:
                row = {"id": one, "starts_at": starts_at, "session_id": session}
                made += here.db.scalars(_INSERT, values | row).all()
        if made != ids:
            raise taken(place.starts)
        return ids

    return locks.once_more(here, insert)


def _values(here: Here, who: Asker, kind: VisitType, place: _Place) -> dict[str, object]:
    policies = here.practice.policies
    minutes = policies.offer_minutes if place.waiting_id else policies.hold_minutes
    return {
        "practice_id": here.practice.practice_id,
        "calendar_id": place.calendar_id,
        "visit_type_id": kind.id,
        "patient_id": who.patient_id,
        "series_id": uuid4() if len(place.starts) > 1 else None,
        "waiting_id": place.waiting_id,
        "lasts": timedelta(minutes=kind.minutes),
        "before": timedelta(minutes=0 if kind.is_group else kind.buffer_before),
        "after": timedelta(minutes=0 if kind.is_group else kind.buffer_after),
        "expires_at": min(here.now + timedelta(minutes=minutes), *place.starts),
        "payer_id": who.wish.payer_id,
        "state": who.wish.state,
        "time_zone": who.wish.time_zone,
        **vars(terms.quoted(here, kind.id, who.wish.payer_id)),
    }
