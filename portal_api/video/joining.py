"""Lets a person into a meeting: in its window, through the gates, into one room, under an identity for this once."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ledger.gateways.twilio_gateway import TwilioGateway
from portal_api import audit
from portal_api.identity import rates
from portal_api.identity.rates import Rate
from portal_api.problems import Problem
from portal_api.templating import moment
from portal_api.video import gates, recording, rooms
from portal_api.video.own_room import Ticket
from portal_api.video.rooms import Person

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from ledger.settings import Settings
    from portal_api.here import Here
    from portal_api.video.meetings import Side
    from portal_api.video.own_room import OwnRooms

JOINS = Rate("video_join", 20, timedelta(seconds=15))
SHORTEST_ROOM, LONGEST_ROOM = 600, 86_400
"""Seconds that Twilio takes as the longest stay of a person."""


def gateway(settings: Settings) -> TwilioGateway | None:
    """Return Twilio, where the settings have an account."""
    return _gateway(settings.twilio) if settings.twilio else None


@cache
def _gateway(account: Any) -> TwilioGateway:
    return TwilioGateway(account)


def closed(here: Here, side: Side, zone: ZoneInfo) -> str | None:
    """Return why a meeting cannot be joined now, in a sentence; None when it can."""
    window = side.meeting.window
    if not side.is_going_on:
        return "This visit is over or was cancelled."
    if window.is_over(here.now):
        return "The time of this visit is over."
    if not window.is_open(here.now):
        return f"You can join from {moment(window.opens_at, zone)}."
    return None


def let_in(here: Here, side: Side, own_rooms: OwnRooms) -> dict[str, object]:
    """Return what lets a person in, as the call page takes it; kept as an identity with when it ends.

    Raises 409 (not-open, not-ready) outside the window or before the gates, 429, TwilioFailed.
    """
    rates.spend(here, JOINS, str(side.person_id))
    if (sentence := closed(here, side, here.practice.zone)) is not None:
        raise Problem(HTTPStatus.CONFLICT, "not-open", sentence)
    if lacks := gates.lacks(here, side):
        raise Problem(HTTPStatus.CONFLICT, "not-ready", f"Before you can join: {lacks[0].words}.")
    audit.record(here, "meeting.let_in", f"appointment/{side.meeting.id}")
    seconds = side.meeting.window.seconds_left(here.now)
    twilio = gateway(here.settings)
    return _at_twilio(here, twilio, side, seconds) if twilio else _at_home(here, own_rooms, side, seconds)


def _at_twilio(here: Here, twilio: TwilioGateway, side: Side, seconds: int) -> dict[str, object]:
    room = rooms.made(here, side.meeting)
    people = side.meeting.most_patients + 1
    sid = twilio.room(room.name, people, min(max(seconds, SHORTEST_ROOM), LONGEST_ROOM))
    room = rooms.at_twilio(here, room, sid)
    recording.before_letting_in(here, twilio, room, Person(side.kind, side.person_id))
    identity = rooms.let_in(here, side)
    token = twilio.token(room.name, identity, seconds)
    return {"kind": "twilio", "token": token, "room": str(room.name), "seconds": seconds}


def _at_home(here: Here, own_rooms: OwnRooms, side: Side, seconds: int) -> dict[str, object]:
    if not side.meeting.is_one_to_one:
        raise Problem(
            HTTPStatus.CONFLICT, "no-group-video", "Group visits by video need a Twilio account, which is not set here."
        )
    room = rooms.made(here, side.meeting)
    identity = rooms.let_in(here, side)
    ticket = own_rooms.ticket(
        Ticket(here.practice.practice_id, room.name, identity, seconds, is_caller=side.is_provider)
    )
    return {
        "kind": "own",
        "ticket": ticket,
        "url": "/call/signals",
        "seconds": seconds,
        "calls": side.is_provider,
        "ice_servers": [],
    }
