"""What pages and programs ask for by an appointment: a person's place in its meeting, the way in, and their answer."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from ledger.gateways.twilio_gateway import TwilioFailed
from portal_api.problems import Problem, not_found
from portal_api.video import joining, meetings, recording

if TYPE_CHECKING:
    from uuid import UUID

    from portal_api.here import Here
    from portal_api.video.meetings import Side
    from portal_api.video.own_room import OwnRooms


def side(here: Here, appointment_id: UUID) -> Side:
    """Return the place of whoever is here in a meeting. Raises 404."""
    found = meetings.side(here, appointment_id)
    if found is None:
        raise not_found()
    return found


def passed(here: Here, appointment_id: UUID, own_rooms: OwnRooms) -> dict[str, object]:
    """Return what lets the person into a meeting. Raises 404, 409, 429, 503 (video-away)."""
    try:
        return joining.let_in(here, side(here, appointment_id), own_rooms)
    except TwilioFailed:
        raise _away() from None


def answered(here: Here, appointment_id: UUID, *, is_given: bool) -> None:
    """Keep whether the person agrees to be recorded. Raises 404 where nothing is recorded at all, 503 (video-away)."""
    mine, twilio = side(here, appointment_id), joining.gateway(here.settings)
    if twilio is None or not here.practice.policies.video_recording:
        raise not_found()
    try:
        recording.answer(here, twilio, mine, is_given=is_given)
    except TwilioFailed:
        raise _away() from None


def _away() -> Problem:
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE, "video-away", "The video service does not answer. Try again in a moment."
    )
