"""Appointments as they stand: who has which time, for how long it is held, and under which terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from portal_api.problems import not_found
from portal_api.scheduling import catalog, terms
from portal_api.scheduling.slots import Wish
from portal_api.scheduling.terms import Terms
from portal_api.store.rows import made

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from portal_api.here import Here

PAGE = 50


@dataclass(frozen=True)
class Appointment:
    """A time of a patient's: held until `hold_expires_at`, booked, or released. Its visit's state is the ledger's."""

    id: UUID
    calendar_id: UUID
    provider_id: UUID
    ledger_id: str
    provider_name: str
    credentials: str
    provider_time_zone: str
    visit_type_id: UUID
    visit_name: str
    patient_id: UUID
    session_id: UUID | None
    series_id: UUID | None
    waiting_id: UUID | None
    visit_token: UUID | None
    starts_at: datetime
    ends_at: datetime
    status: str
    hold_expires_at: datetime | None
    payer_id: str | None
    patient_state: str
    patient_time_zone: str
    accepted_at: datetime | None
    moves: int
    visit_state: str | None
    terms: Terms

    @property
    def title(self) -> str:
        """The provider's name with credentials."""
        return catalog.titled(self.provider_name, self.credentials)

    @property
    def zone(self) -> ZoneInfo:
        """The patient's time zone."""
        return ZoneInfo(self.patient_time_zone)

    @property
    def provider_zone(self) -> ZoneInfo:
        """The provider's time zone."""
        return ZoneInfo(self.provider_time_zone)

    @property
    def wish(self) -> Wish:
        """What was asked for."""
        return Wish(self.visit_type_id, self.payer_id, self.patient_state, self.patient_time_zone)

    @property
    def free_until(self) -> datetime:
        """Until when it can be cancelled or moved without a fee."""
        return self.terms.free_until(self.starts_at)

    def is_late(self, now: datetime) -> bool:
        """Tell whether it is too late to cancel without a fee."""
        return now > self.free_until

    def is_held(self, now: datetime) -> bool:
        """Tell whether it is held for its patient at this moment."""
        return self.status == "held" and self.hold_expires_at is not None and self.hold_expires_at > now

    def can_change(self, now: datetime) -> bool:
        """Tell whether it is booked and still to come."""
        return self.status == "booked" and self.visit_state == "scheduled" and self.starts_at > now


_SELECT = f"""
select
    a.id, a.calendar_id, c.provider_id, p.ledger_id, p.name, p.credentials, c.time_zone, a.visit_type_id, t.name,
    a.patient_id, a.session_id, a.series_id, a.waiting_id, a.visit_token, a.starts_at, a.ends_at, a.status,
    a.hold_expires_at, a.payer_id, a.patient_state, a.patient_time_zone, a.accepted_at, a.moves, v.state,
    {", ".join(f"a.{name}" for name in terms.NAMES)}
from portal.appointment as a
inner join portal.calendar as c on c.id = a.calendar_id
inner join portal.provider as p on p.id = c.provider_id
inner join portal.visit_type as t on t.id = a.visit_type_id
left join ledger.visit as v on v.visit_token = a.visit_token
where a.patient_id is not null
"""
_PLAIN = len(Appointment.__dataclass_fields__) - 1
# A group's seats come free with it; a session of the practice's own has no seat and no patient. Who did not take an
# offer waits on in their place, whoever gives its time back: a click on it may come before the chores do.
_RELEASE = sa.text("""
with released as (
    update portal.appointment set status = 'released', hold_expires_at = null
    where id = any(:ids) and status <> 'released' returning session_id, waiting_id
), waiting_on as (
    update portal.waiting set status = 'waiting'
    where id in (select waiting_id from released) and status = 'offered'
)
update portal.appointment as s set taken = s.taken - r.seats
from (select session_id, count(*) as seats from released where session_id is not null group by session_id) as r
where s.id = r.session_id
""")

_LEAVE_SEAT = sa.text("update portal.appointment set taken = taken - 1 where id = :id")
_TAKE_SEAT = sa.text(
    "update portal.appointment set taken = taken + 1 where calendar_id = :calendar_id"
    " and visit_type_id = :visit_type_id and starts_at = :starts_at and status = 'booked' and taken < capacity"
    " returning id"
)


def of_patient(here: Here, patient_id: UUID, appointment_id: UUID) -> Appointment | None:
    """Return an appointment of this patient's."""
    return next(
        iter(_read(here, "and a.id = :id and a.patient_id = :patient_id", id=appointment_id, patient_id=patient_id)),
        None,
    )


def own_visit(here: Here, appointment_id: UUID) -> Appointment:
    """Return a visit of the patient who is here. Raises Problem 404, also for what is held and no visit yet."""
    found = of_patient(here, here.me.id, appointment_id)
    if found is None or found.visit_token is None:
        raise not_found()
    return found


def get(here: Here, appointment_id: UUID) -> Appointment | None:
    """Return an appointment of the practice's."""
    return next(iter(_read(here, "and a.id = :id", id=appointment_id)), None)


def of_visit(here: Here, visit_token: UUID) -> Appointment | None:
    """Return the appointment of a visit."""
    return next(iter(_read(here, "and a.visit_token = :visit_token", visit_token=visit_token)), None)


def of_series(here: Here, appointment: Appointment) -> list[Appointment]:
    """Return all of the series an appointment belongs to, or it alone, by time."""
    if appointment.series_id is None:
        return [appointment]
    return _read(
        here,
        "and a.series_id = :series_id and a.patient_id = :patient_id order by a.starts_at",
        series_id=appointment.series_id,
        patient_id=appointment.patient_id,
    )


def booked(
    here: Here, patient_id: UUID, *, is_past: bool, after: tuple[datetime, UUID] | None = None, most: int = PAGE
) -> list[Appointment]:
    """Return the booked visits of a patient: to come, the next first; or past, the last first. `after`: a page on."""
    sign, order = ("<=", "desc") if is_past else (">", "asc")
    beyond = f"and (a.starts_at, a.id) {'<' if is_past else '>'} (:after_at, :after_id)" if after else ""
    page = {"after_at": after[0], "after_id": after[1]} if after else {}
    return _read(
        here,
        f"and a.patient_id = :patient_id and a.status = 'booked' and a.ends_at {sign} :now {beyond}"
        f" order by a.starts_at {order}, a.id {order} limit :most",
        patient_id=patient_id,
        now=here.now,
        most=most,
        **page,
    )


def held(here: Here, patient_id: UUID) -> list[Appointment]:
    """Return what is held for a patient at this moment."""
    return _read(
        here,
        "and a.patient_id = :patient_id and a.status = 'held' and a.hold_expires_at > :now order by a.starts_at",
        patient_id=patient_id,
        now=here.now,
    )


def starting(here: Here, since: datetime, until: datetime) -> list[Appointment]:
    """Return the booked visits of the practice that start in [since, until) and have not been started."""
    return _read(
        here,
        "and a.status = 'booked' and v.state = 'scheduled' and a.starts_at >= :since and a.starts_at < :until"
        " order by a.starts_at, a.id",
        since=since,
        until=until,
    )


def lapsed(here: Here, calendar_id: UUID | None = None) -> list[Appointment]:
    """Return the holds that have run out, of one calendar or of all."""
    return _read(
        here,
        "and a.status = 'held' and a.hold_expires_at <= :now and (a.calendar_id = :calendar_id or :everywhere)"
        " order by a.hold_expires_at",
        now=here.now,
        calendar_id=calendar_id,
        everywhere=calendar_id is None,
    )


def release(here: Here, ids: Sequence[UUID]) -> None:
    """Give times back; their calendars are locked. What is released already stays so, who missed an offer waits on."""
    here.db.execute(_RELEASE, {"ids": list(ids)})


def take_seat(here: Here, calendar_id: UUID, visit_type_id: UUID, starts_at: datetime) -> UUID | None:
    """Take a seat in a group's session, which is returned; None where there is no session, or none is free."""
    values = {"calendar_id": calendar_id, "visit_type_id": visit_type_id, "starts_at": starts_at}
    found: UUID | None = here.db.scalar(_TAKE_SEAT, values)
    return found


def leave_seat(here: Here, session_id: UUID) -> None:
    """Give a seat back."""
    here.db.execute(_LEAVE_SEAT, {"id": session_id})


def _read(here: Here, where: str, **values: object) -> list[Appointment]:
    return made(_appointment, here.db.execute(sa.text(f"{_SELECT} {where}"), values))


def _appointment(*row: Any) -> Appointment:
    whole: tuple[Any, ...] = (*row[:_PLAIN], Terms(*row[_PLAIN:]))
    return Appointment(*whole)
