"""Each minute: what callbacks did not bring is read back from Twilio, recording that is wanted begins, rooms end."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ledger.gateways.twilio_gateway import TwilioFailed
from portal_api.video import attendance, callbacks, joining, recording, rooms
from portal_api.video.callbacks import Inside
from portal_api.video.window import RECONNECTION

if TYPE_CHECKING:
    from uuid import UUID

    from ledger.gateways.twilio_gateway import Participant, TwilioGateway
    from portal_api.here import Here
    from portal_api.video.rooms import Room

_log = logging.getLogger(__name__)


def look_after_rooms(here: Here) -> None:
    """Do what is due in every room of the practice that has not ended; a call that fails is made again next time."""
    twilio = joining.gateway(here.settings)
    seen = _asked(here, twilio) if twilio else {}
    for meeting_id in rooms.not_ended(here):
        room = rooms.of_meeting(here, meeting_id)
        if room is None or room.ended_at is not None:
            continue
        try:
            _look_after(here, twilio, room, seen.get(meeting_id, []))
        except TwilioFailed as failure:
            _log.warning("room of %s: %s", meeting_id, failure)


def _asked(here: Here, twilio: TwilioGateway) -> dict[UUID, list[Participant]]:
    """Ask who is and was in each room, before any is locked: nobody waits at a door for Twilio's answers."""
    found: dict[UUID, list[Participant]] = {}
    for meeting_id, sid in rooms.sids(here):
        try:
            found[meeting_id] = twilio.participants(sid)
        except TwilioFailed as failure:
            _log.warning("room of %s: %s", meeting_id, failure)
    return found


def _look_after(here: Here, twilio: TwilioGateway | None, room: Room, seen: list[Participant]) -> None:
    if twilio and room.sid:
        for person in seen:
            _keep(here, twilio, room, person)
        attendance.start_visits(here, room.meeting_id)
        recording.want(here, room.meeting_id)
        recording.begin(here, twilio, room)
    if here.now >= room.closes_at + RECONNECTION:
        if twilio and room.sid and twilio.is_open(room.sid):
            twilio.end(room.sid)
        attendance.all_left(here, room, here.now)
        rooms.end(here, room, here.now)


def _keep(here: Here, twilio: TwilioGateway, room: Room, person: Participant) -> None:
    identity = callbacks.identity_of(person.identity)
    sid = room.sid or ""
    if person.is_connected:
        callbacks.guard(here, twilio, room, Inside(sid, person.sid, identity))
    if identity and rooms.who(here, room.meeting_id, identity):
        attendance.keep(here, room, sid, person.sid, identity, joined_at=person.joined_at, left_at=person.left_at)
