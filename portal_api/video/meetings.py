"""Meetings: an appointment, or all seats of a group's session, with the provider who holds it; and whose they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from ledger.rules.visit import OPEN_STATES, State
from portal_api.access import Kind, Role
from portal_api.video.window import Window, window

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from portal_api.here import Here


@dataclass(frozen=True)
class Seat:
    """A patient of a meeting and the visit it is for them."""

    appointment_id: UUID
    visit_token: UUID
    patient_id: UUID
    patient_name: str
    time_zone: ZoneInfo
    state: State


@dataclass(frozen=True)
class Meeting:
    """A time at which a provider meets patients; `provider_id` is what the books call the provider."""

    id: UUID
    provider_id: str
    provider_name: str
    starts_at: datetime
    ends_at: datetime
    most_patients: int
    seats: tuple[Seat, ...]

    @property
    def window(self) -> Window:
        """When it can be joined."""
        return window(self.starts_at, self.ends_at)

    @property
    def is_one_to_one(self) -> bool:
        """Whether it is for one patient."""
        return self.most_patients == 1

    @property
    def is_going_on(self) -> bool:
        """Whether it is neither over nor cancelled for everybody."""
        return any(seat.state in OPEN_STATES for seat in self.seats)


@dataclass(frozen=True)
class Side:
    """Somebody's place in a meeting: of a patient with their seat, or of the provider."""

    meeting: Meeting
    kind: Kind
    person_id: UUID
    seat: Seat | None

    @property
    def is_provider(self) -> bool:
        """Whether it is the provider's."""
        return self.kind is Kind.STAFF

    @property
    def other(self) -> str:
        """Who is on the other side, by name."""
        names = ", ".join(seat.patient_name for seat in self.meeting.seats)
        return names if self.is_provider else self.meeting.provider_name

    @property
    def is_going_on(self) -> bool:
        """Whether their visit is neither over nor cancelled."""
        return self.seat.state in OPEN_STATES if self.seat else self.meeting.is_going_on


# A group's session is a row without a patient, which its seats name.
_SELECT = sa.text("""
with asked as (
    select coalesce(session_id, id) as meeting_id from portal.appointment where id = :appointment_id
)
select
    asked.meeting_id, a.id, a.visit_token, a.patient_id, a.starts_at, a.ends_at, v.state, a.patient_time_zone,
    provider.ledger_id, provider.name as provider_name,
    coalesce(session.capacity, 1) as most_patients,
    patient.given_name || ' ' || patient.family_name as patient_name
from asked
inner join portal.appointment as a on asked.meeting_id in (a.id, a.session_id)
inner join portal.calendar on calendar.id = a.calendar_id
inner join portal.provider on provider.id = calendar.provider_id
inner join portal.patient on patient.id = a.patient_id
inner join ledger.visit as v on v.visit_token = a.visit_token
left join portal.appointment as session on session.id = a.session_id
where a.status = 'booked'
order by a.id
""")


def of(here: Here, appointment_id: UUID) -> Meeting | None:
    """Return the meeting of a booked appointment, or of a group's session."""
    rows = here.db.execute(_SELECT, {"appointment_id": appointment_id}).all()
    if not rows:
        return None
    first = rows[0]
    seats = tuple(
        Seat(
            row.id,
            row.visit_token,
            row.patient_id,
            row.patient_name,
            ZoneInfo(row.patient_time_zone),
            State(row.state),
        )
        for row in rows
    )
    return Meeting(
        first.meeting_id,
        first.ledger_id,
        first.provider_name,
        first.starts_at,
        first.ends_at,
        first.most_patients,
        seats,
    )


def side(here: Here, appointment_id: UUID) -> Side | None:
    """Return the place of whoever is here in a meeting; None where they have none, or where there is no meeting."""
    meeting = of(here, appointment_id)
    if meeting is None:
        return None
    me = here.me
    if me.kind is Kind.STAFF:
        is_theirs = me.has(Role.PROVIDER) and me.provider_id == meeting.provider_id
        return Side(meeting, me.kind, me.id, None) if is_theirs else None
    seat = next((seat for seat in meeting.seats if seat.patient_id == me.id), None)
    return Side(meeting, me.kind, me.id, seat) if seat else None
