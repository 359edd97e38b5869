"""A visit is recorded only while everybody who was ever let in has agreed.

The order is the rule. Off comes before anything else: before a person who has not agreed gets what lets in, before it
is kept that somebody changed their mind, and first of all when a callback tells who came. On comes after all else: that
it is wanted is committed before Twilio is asked, by another transaction. All of it under the lock of the room's row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from ledger.gateways.twilio_gateway import TwilioFailed
from portal_api import audit
from portal_api.access import Kind
from portal_api.video import rooms
from portal_api.video.rooms import Person, Recording

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from ledger.gateways.twilio_gateway import TwilioGateway
    from portal_api.here import Here
    from portal_api.video.meetings import Side
    from portal_api.video.rooms import Room

TEXT_VERSION = "2026-11"
"""Of the words in templates/video/call.html that people agree to."""

_AGREED = sa.text(
    "select person_kind, person_id from portal.recording_consent where meeting_id = :meeting_id and is_given"
)
_KEEP = sa.text(
    "insert into portal.recording_consent"
    " (practice_id, meeting_id, person_kind, person_id, is_given, text_version, changed_at)"
    " values (:practice_id, :meeting_id, :kind, :person_id, :is_given, :version, :now)"
    " on conflict (practice_id, meeting_id, person_kind, person_id) do update"
    " set (is_given, text_version, changed_at) = (excluded.is_given, excluded.text_version, excluded.changed_at)"
)


@dataclass(frozen=True)
class Standing:
    """How recording stands for somebody: whether it can be had here, whether it is on, whether they agreed."""

    is_offered: bool
    is_on: bool
    is_agreed: bool


def may_record(let_in: Collection[Person], agreed: Collection[Person]) -> bool:
    """Tell whether a room may be recorded: somebody was let in, and everybody who was has agreed."""
    return bool(let_in) and set(let_in) <= set(agreed)


def standing(here: Here, side: Side) -> Standing:
    """Return how recording stands for a person."""
    room = rooms.of_meeting(here, side.meeting.id)
    is_offered = here.practice.policies.video_recording and here.settings.twilio is not None
    is_on = room is not None and room.recording is not Recording.OFF
    return Standing(is_offered, is_on, Person(side.kind, side.person_id) in _agreed(here, side.meeting.id))


def before_letting_in(here: Here, gateway: TwilioGateway, room: Room, person: Person) -> None:
    """Stop recording before a person who has not agreed is let in. Raises TwilioFailed: then nobody is let in."""
    if person not in _agreed(here, room.meeting_id):
        _off(here, gateway, room)


def somebody_came(here: Here, gateway: TwilioGateway, room: Room, person: Person | None) -> None:
    """Stop recording when somebody is inside who has not agreed, or whom nobody knows. Raises TwilioFailed."""
    if person is None or person not in _agreed(here, room.meeting_id):
        _off(here, gateway, room)


def answer(here: Here, gateway: TwilioGateway, side: Side, *, is_given: bool) -> None:
    """Keep that a person agrees, or no more; stops recording first. Raises TwilioFailed: then nothing is kept."""
    room = rooms.made(here, side.meeting)
    if not is_given:
        _off(here, gateway, room)
    values = {
        "practice_id": here.practice.practice_id,
        "meeting_id": side.meeting.id,
        "kind": side.kind,
        "person_id": side.person_id,
        "is_given": is_given,
        "version": TEXT_VERSION,
        "now": here.now,
    }
    here.db.execute(_KEEP, values)
    audit.record(here, f"recording.{'agreed' if is_given else 'refused'}", f"appointment/{side.meeting.id}")
    want(here, side.meeting.id)


def want(here: Here, meeting_id: UUID) -> None:
    """Keep that a room is to be recorded, when it may be; `begin` does it after this was committed."""
    room = rooms.of_meeting(here, meeting_id)
    if room is None or room.recording is not Recording.OFF or not _may(here, room):
        return
    rooms.set_recording(here, room, Recording.WANTED)
    here.deeds.has_notices = True  # wakes the chores


def begin(here: Here, gateway: TwilioGateway, room: Room) -> None:
    """Ask Twilio to record a room of which an earlier transaction kept that it is wanted. Raises TwilioFailed."""
    if room.recording is not Recording.WANTED or room.sid is None:
        return
    if not _may(here, room):
        _off(here, gateway, room)
        return
    gateway.record(room.sid, is_on=True)
    rooms.set_recording(here, room, Recording.ON)
    audit.record(here, "recording.started", f"appointment/{room.meeting_id}")


def _may(here: Here, room: Room) -> bool:
    return (
        here.practice.policies.video_recording
        and room.sid is not None
        and room.ended_at is None
        and may_record(rooms.everybody_let_in(here, room.meeting_id), _agreed(here, room.meeting_id))
    )


def _off(here: Here, gateway: TwilioGateway, room: Room) -> None:
    if room.recording is Recording.OFF or room.sid is None:
        return
    try:
        gateway.record(room.sid, is_on=False)
    except TwilioFailed as failure:
        if not failure.is_refusal or gateway.is_open(room.sid):
            raise  # a room that is over records nothing, and says no
    rooms.set_recording(here, room, Recording.OFF)
    audit.record(here, "recording.stopped", f"appointment/{room.meeting_id}")


def _agreed(here: Here, meeting_id: UUID) -> set[Person]:
    return {Person(Kind(row[0]), row[1]) for row in here.db.execute(_AGREED, {"meeting_id": meeting_id})}
