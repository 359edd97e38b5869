"""Who waits for a time to come free: in turn, each is offered one, once, and an offer is a hold that expires."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from itertools import islice
from typing import TYPE_CHECKING
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from portal_api import audit
from portal_api.problems import Problem, not_found
from portal_api.scheduling import appointments, catalog, holds, letters, locks, slots
from portal_api.scheduling.slots import LONGEST_LOOK, Asker, Span, Wish
from portal_api.store.rows import made

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from portal_api.here import Here
    from portal_api.scheduling.slots import Slot

MOST_A_ROUND = 100
MOST_OF_PATIENT = 5
LONGEST_HORIZON = timedelta(days=366)
"""No visit type is booked farther ahead (portal.visit_type)."""


@dataclass(frozen=True)
class Waiting:
    """A place in the line, for a visit that starts in [since, until), with one provider or with any."""

    id: UUID
    patient_id: UUID
    visit_type_id: UUID
    visit_name: str
    provider_id: UUID | None
    provider_name: str | None
    payer_id: str | None
    patient_state: str
    patient_time_zone: str
    since: datetime
    until: datetime
    status: str
    created_at: datetime

    @property
    def zone(self) -> ZoneInfo:
        """The patient's time zone."""
        return ZoneInfo(self.patient_time_zone)

    @property
    def last(self) -> datetime:
        """An instant of the last day of it."""
        return self.until - timedelta(hours=1)

    @property
    def wish(self) -> Wish:
        """What is waited for."""
        return Wish(self.visit_type_id, self.payer_id, self.patient_state, self.patient_time_zone)


_SELECT = """
select
    w.id, w.patient_id, w.visit_type_id, t.name, w.provider_id, p.name, w.payer_id, w.patient_state,
    w.patient_time_zone, w.since, w.until, w.status, w.created_at
from portal.waiting as w
inner join portal.visit_type as t on t.id = w.visit_type_id
left join portal.provider as p on p.id = w.provider_id
"""
_INSERT = sa.text(
    "insert into portal.waiting (practice_id, id, patient_id, visit_type_id, provider_id, payer_id, patient_state,"
    " patient_time_zone, since, until, status, created_at) values (:practice_id, :id, :patient_id, :visit_type_id,"
    " :provider_id, :payer_id, :state, :time_zone, :since, :until, 'waiting', :now)"
)
_STATUS = sa.text("update portal.waiting set status = :status where id = :id and status = any(:before)")
_OFFERED = sa.text("select calendar_id, starts_at from portal.appointment where waiting_id = :id")


def join(here: Here, wish: Wish, patient_id: UUID, provider_id: UUID | None, span: Span) -> UUID:
    """Put a patient in the line. Raises 404 for what is not here, 400 for times that are none, 409 for too many."""
    known = {each.provider_id for each in catalog.calendars(here)} | {None}
    if catalog.visit_type(here, wish.visit_type_id) is None or provider_id not in known:
        raise not_found()
    since, until = span
    if not here.now < until or not since < until or until - since > LONGEST_LOOK:
        raise Problem(HTTPStatus.BAD_REQUEST, "no-times", "Choose days to come, no more than two months of them.")
    if len(of_patient(here, patient_id)) >= MOST_OF_PATIENT:
        raise Problem(HTTPStatus.CONFLICT, "too-many-places", f"You wait {MOST_OF_PATIENT} times already.")
    place = uuid4()
    values = {**vars(wish), "id": place, "patient_id": patient_id, "provider_id": provider_id, "now": here.now}
    here.db.execute(
        _INSERT,
        {**values, "state": wish.state, "practice_id": here.practice.practice_id, "since": since, "until": until},
    )
    audit.record(here, "waiting.joined", f"waiting/{place}")
    return place


def of_patient(here: Here, patient_id: UUID) -> list[Waiting]:
    """Return where a patient waits or has an offer."""
    return _read(
        here, "where w.patient_id = :id and w.status in ('waiting', 'offered') order by w.created_at", id=patient_id
    )


def leave(here: Here, patient_id: UUID, waiting_id: UUID) -> None:
    """Take a patient out of the line, with the offer there may be. Raises 404 when it is not theirs."""
    if not any(each.id == waiting_id for each in of_patient(here, patient_id)):
        raise not_found()
    for each in appointments.held(here, patient_id):
        if each.waiting_id == waiting_id:
            holds.give_up(here, each)
    here.db.execute(_STATUS, {"id": waiting_id, "status": "left", "before": ["waiting", "offered"]})
    audit.record(here, "waiting.left", f"waiting/{waiting_id}")


def expire(here: Here) -> int:
    """Give back what was held and not booked in time, and return how much."""
    found = appointments.lapsed(here)
    locks.take(here, [one for each in found for one in (each.calendar_id, each.patient_id)])
    gone = {each.id for each in appointments.lapsed(here)} & {each.id for each in found}
    appointments.release(here, list(gone))
    return len(gone)


def offer(here: Here) -> int:
    """Offer open times to those who wait, in turn, each one; return how many."""
    everybody = catalog.calendars(here)
    chances = list(islice(_chances(here, everybody), MOST_A_ROUND))
    # All locks of the round at once: taken one after the other, two rounds could wait for each other.
    locks.take(here, [each.patient_id for each in chances] + [each.id for each in everybody if chances])
    return sum(_offered(here, each, everybody) for each in chances)


def _chances(here: Here, everybody: Sequence[catalog.Calendar]) -> Iterator[Waiting]:
    """Yield, in turn, those of the whole line for whom a time is open.

    What many wait for is asked once for all of them; only for whom that has a time it is asked for themselves.
    """
    line = _read(here, "where w.status = 'waiting' and w.until > :now order by w.created_at, w.id", now=here.now)
    last = min(max((each.until for each in line), default=here.now), here.now + LONGEST_HORIZON)
    known: dict[tuple[object, ...], list[datetime]] = {}
    for each in line:
        wanted = (each.visit_type_id, each.payer_id, each.patient_state, each.provider_id)
        if wanted not in known:
            known[wanted] = _starts(here, each, everybody, last)
        starts = known[wanted]
        first = bisect_left(starts, max(each.since, here.now))
        if first < len(starts) and starts[first] < each.until and _open(here, each, everybody):
            yield each


def _starts(here: Here, waiting: Waiting, everybody: Sequence[catalog.Calendar], last: datetime) -> list[datetime]:
    """Return when anybody, new or not, could have what is waited for, in order."""
    ids = [each.id for each in everybody if waiting.provider_id in {None, each.provider_id}]
    found: set[datetime] = set()
    since = here.now
    while since < last:
        span = Span(since, min(last, since + LONGEST_LOOK))
        for is_new in (False, True):
            found.update(each.starts_at for each in slots.find(here, Asker(waiting.wish, None, is_new), span, ids))
        since = span.until
    return sorted(found)


def _offered(here: Here, waiting: Waiting, everybody: Sequence[catalog.Calendar]) -> bool:
    slot = _open(here, waiting, everybody)
    if slot is None:
        return False
    who = slots.asker(here, waiting.wish, waiting.patient_id)
    held = holds.hold(here, who, slot.calendar_id, slot.starts_at, waiting.id)
    here.db.execute(_STATUS, {"id": waiting.id, "status": "offered", "before": ["waiting"]})
    letters.offer(here, held)
    return True


def _open(here: Here, waiting: Waiting, everybody: Sequence[catalog.Calendar]) -> Slot | None:
    ids = [each.id for each in everybody if waiting.provider_id in {None, each.provider_id}]
    before = {(row.calendar_id, row.starts_at) for row in here.db.execute(_OFFERED, {"id": waiting.id})}
    who = slots.asker(here, waiting.wish, waiting.patient_id)
    found = slots.find(here, who, Span(max(waiting.since, here.now), waiting.until), ids)
    return next((slot for slot in found if (slot.calendar_id, slot.starts_at) not in before), None)


def _read(here: Here, where: str, **values: object) -> list[Waiting]:
    return made(Waiting, here.db.execute(sa.text(f"{_SELECT} {where}"), values))
