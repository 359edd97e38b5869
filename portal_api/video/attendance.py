"""Who was in which meeting, from when until when: from callbacks in any order, and read back from time to time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from ledger.rules.visit import Actor, State
from ledger.store import visits
from ledger.store.visits import Deed
from portal_api import audit
from portal_api.access import Kind
from portal_api.video import meetings

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from portal_api.here import Here
    from portal_api.video.rooms import Room


class Stay(NamedTuple):
    """A stay of a person in a meeting; a time that nobody told yet is None."""

    kind: Kind
    person_id: UUID
    joined_at: datetime | None
    left_at: datetime | None

    @property
    def is_present(self) -> bool:
        """Whether they are in at this moment."""
        return self.joined_at is not None and self.left_at is None


# The earliest time at which they were seen in, and the first at which they had left: whoever tells, and how often.
_KEEP = sa.text(
    "insert into portal.attendance as known"
    " (practice_id, participant_sid, room_sid, meeting_id, identity, joined_at, left_at)"
    " values (:practice_id, :participant_sid, :room_sid, :meeting_id, :identity, :joined_at, :left_at)"
    " on conflict (practice_id, participant_sid) do update"
    " set joined_at = least(known.joined_at, excluded.joined_at), left_at = least(known.left_at, excluded.left_at)"
)
_ALL_LEFT = sa.text(
    "update portal.attendance set left_at = greatest(:at, joined_at) where meeting_id = :meeting_id"
    " and (room_sid = :room_sid or cast(:room_sid as text) is null) and left_at is null"
)
_STAYS = sa.text(
    "select j.person_kind, j.person_id, a.joined_at, a.left_at from portal.attendance as a"
    " inner join portal.video_join as j on j.identity = a.identity where a.meeting_id = :meeting_id"
    " order by coalesce(a.joined_at, a.left_at), a.participant_sid"
)


def keep(  # noqa: PLR0913 - what is known of a stay
    here: Here,
    room: Room,
    room_sid: str,
    participant_sid: str,
    identity: UUID,
    *,
    joined_at: datetime | None = None,
    left_at: datetime | None = None,
) -> None:
    """Keep what is known of a stay; what was known before and is told again stays as it is."""
    values = {
        "practice_id": here.practice.practice_id,
        "participant_sid": participant_sid,
        "room_sid": room_sid,
        "meeting_id": room.meeting_id,
        "identity": identity,
        "joined_at": joined_at,
        "left_at": left_at,
    }
    here.db.execute(_KEEP, values)


def all_left(here: Here, room: Room, at: datetime, room_sid: str | None = None) -> None:
    """Keep that a room has ended, or one of those that had its name: whoever was in it left then."""
    here.db.execute(_ALL_LEFT, {"meeting_id": room.meeting_id, "room_sid": room_sid, "at": at})


def stays(here: Here, meeting_id: UUID) -> list[Stay]:
    """Return who was in a meeting and when, by time."""
    return [Stay(Kind(row[0]), *row[1:]) for row in here.db.execute(_STAYS, {"meeting_id": meeting_id})]


def start_visits(here: Here, meeting_id: UUID) -> None:
    """Start the visit of every patient who is in together with the provider. That alone bills nothing."""
    meeting = meetings.of(here, meeting_id)
    since = {stay.person_id: stay for stay in stays(here, meeting_id) if stay.is_present}
    provider = next((stay for stay in since.values() if stay.kind is Kind.STAFF), None)
    if meeting is None or provider is None or provider.joined_at is None:
        return
    for seat in meeting.seats:
        patient = since.get(seat.patient_id)
        if patient is None or patient.joined_at is None or seat.state is not State.SCHEDULED:
            continue
        at = max(provider.joined_at, patient.joined_at)
        deed = Deed(f"video/{seat.visit_token}/started", Actor.SYSTEM, at)
        visits.advance(here.books, seat.visit_token, State.STARTED, deed)
        audit.record(here, "visit.started", f"appointment/{seat.appointment_id}")
