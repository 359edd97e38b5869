"""What a room tells: read from a form, taken in once, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from ledger.rules import opaque
from portal_api import audit
from portal_api.video import attendance, recording, rooms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.gateways.twilio_gateway import TwilioGateway
    from portal_api.here import Here
    from portal_api.video.rooms import Room

CONNECTED, DISCONNECTED, ENDED = "participant-connected", "participant-disconnected", "room-ended"
_LONGEST_EVENT = 64
_LARGEST_NUMBER = (1 << 31) - 1
_INSERT = sa.text(
    "insert into portal.video_event"
    " (practice_id, room_sid, sequence_number, meeting_id, event, participant_sid, identity, at, received_at)"
    " values (:practice_id, :room_sid, :number, :meeting_id, :event, :participant_sid, :identity, :at, :now)"
    " on conflict (practice_id, room_sid, sequence_number) do nothing"
)


class NotRead(ValueError):  # noqa: N818 - named for what happened
    """A callback says something that no callback says; the text names the field and never its value."""


@dataclass(frozen=True)
class Event:
    """Something that happened in a room: `number` counts the events of `room_sid` from 0."""

    room_sid: str
    room_name: UUID
    number: int
    kind: str
    at: datetime
    participant_sid: str | None = None
    identity: UUID | None = None


class Inside(NamedTuple):
    """Somebody who is in a room at Twilio, under an identity of ours or another (None)."""

    room_sid: str
    participant_sid: str
    identity: UUID | None


def identity_of(text: str) -> UUID | None:
    """Return an identity as we give them; None for any other."""
    return UUID(text) if opaque.TOKEN.admits(text) else None


def read(fields: Mapping[str, object]) -> Event:
    """Read a callback. Raises NotRead."""

    def text(name: str) -> str:
        return str(fields.get(name, ""))

    def kept(name: str, *, is_right: bool) -> str:
        if not is_right:
            raise NotRead(f"{name} is missing or is not what Twilio sends.")
        return text(name)

    sid = kept("RoomSid", is_right=opaque.ROOM_SID.admits(text("RoomSid")))
    name = kept("RoomName", is_right=opaque.TOKEN.admits(text("RoomName")))
    number = text("SequenceNumber")
    kept("SequenceNumber", is_right=number.isascii() and number.isdigit() and int(number[:12]) <= _LARGEST_NUMBER)
    kind = kept("StatusCallbackEvent", is_right=0 < len(text("StatusCallbackEvent")) <= _LONGEST_EVENT)
    if kind not in {CONNECTED, DISCONNECTED}:
        return Event(sid, UUID(name), int(number), kind, _moment(text("Timestamp")))
    person = kept("ParticipantSid", is_right=opaque.PARTICIPANT_SID.admits(text("ParticipantSid")))
    identity = identity_of(text("ParticipantIdentity"))
    return Event(sid, UUID(name), int(number), kind, _moment(text("Timestamp")), person, identity)


def take(here: Here, gateway: TwilioGateway | None, event: Event) -> bool:
    """Take an event in with what follows from it; return whether it is new. Raises TwilioFailed: then nothing is kept.

    Whoever came and has not agreed to be recorded: recording stops before anything else, even when it is told again.
    """
    room = rooms.of_name(here, event.room_name)
    if room is None:
        return False
    if event.kind == CONNECTED and gateway and event.participant_sid:
        guard(here, gateway, room, Inside(event.room_sid, event.participant_sid, event.identity))
    values = {
        "practice_id": here.practice.practice_id,
        "room_sid": event.room_sid,
        "number": event.number,
        "meeting_id": room.meeting_id,
        "event": event.kind,
        "participant_sid": event.participant_sid,
        "identity": event.identity,
        "at": event.at,
        "now": here.now,
    }
    if not here.db.execute(_INSERT, values).rowcount:
        return False
    _follow(here, room, event)
    return True


def guard(here: Here, gateway: TwilioGateway, room: Room, inside: Inside) -> None:
    """Stop recording for whoever is inside and has not agreed; put out whom nobody let in. Raises TwilioFailed."""
    person = rooms.who(here, room.meeting_id, inside.identity) if inside.identity else None
    recording.somebody_came(here, gateway, room, person)
    if person is None:  # somebody else has a key of the account
        gateway.remove(inside.room_sid, inside.participant_sid)
        audit.record(here, "stranger.removed", f"appointment/{room.meeting_id}")


def _follow(here: Here, room: Room, event: Event) -> None:
    if event.kind == ENDED:
        attendance.all_left(here, room, event.at, event.room_sid)
    if event.identity is None or event.participant_sid is None or not _is_known(here, room, event.identity):
        return
    at = {"joined_at" if event.kind == CONNECTED else "left_at": event.at}
    attendance.keep(here, room, event.room_sid, event.participant_sid, event.identity, **at)
    audit.record(here, "meeting.joined" if event.kind == CONNECTED else "meeting.left", f"identity/{event.identity}")
    if event.kind == CONNECTED:
        attendance.start_visits(here, room.meeting_id)


def _is_known(here: Here, room: Room, identity: UUID) -> bool:
    return rooms.who(here, room.meeting_id, identity) is not None


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise NotRead("Timestamp is missing or is no time.") from None
    if at.tzinfo is None:
        raise NotRead("Timestamp has no zone.")
    return at.astimezone(UTC)
