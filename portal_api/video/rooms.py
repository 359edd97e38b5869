"""Rooms and who was let into them: one room a meeting, an identity of its own for each time somebody comes in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal_api.access import Kind

if TYPE_CHECKING:
    from datetime import datetime

    from portal_api.here import Here
    from portal_api.video.meetings import Meeting, Side


class Recording(StrEnum):
    """Whether a room is recorded: WANTED is kept before Twilio is asked, so that all but OFF may be recorded."""

    OFF = "off"
    WANTED = "wanted"
    ON = "on"


@dataclass(frozen=True)
class Room:
    """A room, locked until the transaction ends. `sid` is what Twilio calls it while it is open there."""

    meeting_id: UUID
    name: UUID
    sid: str | None
    recording: Recording
    closes_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class Person:
    """Somebody who was let in, as what they are known by in the portal."""

    kind: Kind
    id: UUID


_MAKE = sa.text(
    "insert into portal.video_room (practice_id, meeting_id, name, made_at, closes_at)"
    " values (:practice_id, :meeting_id, :name, :now, :closes_at)"
    " on conflict (practice_id, meeting_id) do update set closes_at = excluded.closes_at, ended_at = null"
)
_COLUMNS = "select meeting_id, name, room_sid, recording, closes_at, ended_at from portal.video_room"
_OF_MEETING = sa.text(f"{_COLUMNS} where meeting_id = :meeting_id for update")
_OF_NAME = sa.text(f"{_COLUMNS} where name = :name for update")
_OPEN = sa.text("select meeting_id from portal.video_room where ended_at is null order by closes_at, meeting_id")
_AT_TWILIO = sa.text(
    "select meeting_id, room_sid from portal.video_room where ended_at is null and room_sid is not null"
    " order by closes_at, meeting_id"
)
_JOIN = sa.text(
    "insert into portal.video_join (practice_id, identity, meeting_id, person_kind, person_id, given_at, expires_at)"
    " values (:practice_id, :identity, :meeting_id, :kind, :person_id, :now, :expires_at)"
)
_LET_IN = sa.text(
    "select distinct person_kind, person_id from portal.video_join where meeting_id = :meeting_id order by 1, 2"
)
_WHO = sa.text(
    "select person_kind, person_id from portal.video_join where identity = :identity and meeting_id = :meeting_id"
)


def made(here: Here, meeting: Meeting) -> Room:
    """Return the room of a meeting, made where there is none."""
    values = {
        "practice_id": here.practice.practice_id,
        "meeting_id": meeting.id,
        "name": uuid4(),
        "now": here.now,
        "closes_at": meeting.window.closes_at,
    }
    here.db.execute(_MAKE, values)
    room = of_meeting(here, meeting.id)
    assert room is not None  # noqa: S101 - it was made above
    return room


def of_meeting(here: Here, meeting_id: UUID) -> Room | None:
    """Return the room of a meeting."""
    return _room(here, _OF_MEETING, meeting_id=meeting_id)


def of_name(here: Here, name: UUID) -> Room | None:
    """Return the room that has a name."""
    return _room(here, _OF_NAME, name=name)


def practice_of(db: sa.Connection, name: UUID) -> str | None:
    """Return whose room has a name, before anything of any practice can be seen."""
    found: str | None = db.scalar(sa.text("select portal.practice_of_room(:name)"), {"name": name})
    return found


def not_ended(here: Here) -> list[UUID]:
    """Return the meetings of the practice whose rooms have not ended."""
    return list(here.db.scalars(_OPEN))


def sids(here: Here) -> list[tuple[UUID, str]]:
    """Return the rooms that have not ended, with what Twilio calls them; none is locked."""
    return [(row[0], row[1]) for row in here.db.execute(_AT_TWILIO)]


def at_twilio(here: Here, room: Room, sid: str) -> Room:
    """Keep what Twilio calls the room that is open now; another one than before records nothing."""
    here.db.execute(
        sa.text(
            "update portal.video_room set room_sid = :sid, recording = 'off'"
            " where meeting_id = :meeting_id and room_sid is distinct from :sid"
        ),
        {"sid": sid, "meeting_id": room.meeting_id},
    )
    return room if room.sid == sid else replace(room, sid=sid, recording=Recording.OFF)


def set_recording(here: Here, room: Room, recording: Recording) -> None:
    """Keep whether the room is recorded."""
    here.db.execute(
        sa.text("update portal.video_room set recording = :recording where meeting_id = :meeting_id"),
        {"recording": recording, "meeting_id": room.meeting_id},
    )


def end(here: Here, room: Room, at: datetime) -> None:
    """Keep that the room has ended."""
    here.db.execute(
        sa.text("update portal.video_room set ended_at = :at, recording = 'off' where meeting_id = :meeting_id"),
        {"at": at, "meeting_id": room.meeting_id},
    )


def let_in(here: Here, side: Side) -> UUID:
    """Keep that a person is let in, and return the identity they are under for this once."""
    identity = uuid4()
    values = {
        "practice_id": here.practice.practice_id,
        "identity": identity,
        "meeting_id": side.meeting.id,
        "kind": side.kind,
        "person_id": side.person_id,
        "now": here.now,
        "expires_at": side.meeting.window.ends_at,
    }
    here.db.execute(_JOIN, values)
    return identity


def everybody_let_in(here: Here, meeting_id: UUID) -> list[Person]:
    """Return everybody who was ever let into a meeting, once each: they can come back with what they were given."""
    return [Person(Kind(row[0]), row[1]) for row in here.db.execute(_LET_IN, {"meeting_id": meeting_id})]


def who(here: Here, meeting_id: UUID, identity: UUID) -> Person | None:
    """Return who was let into a meeting under an identity."""
    row = here.db.execute(_WHO, {"identity": identity, "meeting_id": meeting_id}).one_or_none()
    return Person(Kind(row[0]), row[1]) if row else None


def _room(here: Here, query: sa.TextClause, **values: UUID) -> Room | None:
    row = here.db.execute(query, values).one_or_none()
    if row is None:
        return None
    return Room(row.meeting_id, row.name, row.room_sid, Recording(row.recording), row.closes_at, row.ended_at)
