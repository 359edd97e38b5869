"""What patients are sent about their times: when, and where to look; never with whom, or what for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal_api.identity import people
from portal_api.notices import Channel, Message, Notice, send
from portal_api.templating import moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portal_api.here import Here
    from portal_api.scheduling.appointments import Appointment


def booked(here: Here, together: Sequence[Appointment]) -> None:
    """Say that visits are booked; those of a series in one mail."""
    _mail(here, Notice.VISIT_BOOKED, together)


def moved(here: Here, appointment: Appointment) -> None:
    """Say when a visit is now."""
    _mail(here, Notice.VISIT_MOVED, [appointment])


def cancelled(here: Here, appointment: Appointment) -> None:
    """Say that a visit is cancelled."""
    _mail(here, Notice.VISIT_CANCELLED, [appointment])


def offer(here: Here, held: Appointment) -> None:
    """Say that a time came free and until when it is held, by mail and by text message."""
    until = moment(held.hold_expires_at or held.starts_at, held.zone)
    values = {"when": _when([held]), "until": until, "link": f"{here.origin}/book/holds/{held.id}"}
    for channel, recipient in _reached(here, held):
        send(here, Message(Notice.TIME_OFFERED, recipient, values, channel), expires_at=held.hold_expires_at)


def reminder(here: Here, appointment: Appointment, hours: int) -> None:
    """Remind of a visit, once for each time it is moved to, by mail and by text message."""
    values = {"when": _when([appointment]), "link": f"{here.origin}/visits"}
    for channel, recipient in _reached(here, appointment):
        key = f"reminder/{appointment.id}/{appointment.starts_at.isoformat()}/{hours}/{channel}"
        message = Message(Notice.VISIT_SOON, recipient, values, channel)
        send(here, message, expires_at=appointment.starts_at, once_key=key)


def _mail(here: Here, notice: Notice, together: Sequence[Appointment]) -> None:
    values = {"when": _when(together), "link": f"{here.origin}/visits"}
    for channel, recipient in _reached(here, together[0]):
        if channel is Channel.MAIL:
            send(here, Message(notice, recipient, values), expires_at=together[0].starts_at)


def _reached(here: Here, appointment: Appointment) -> list[tuple[Channel, str]]:
    """Return how the patient can be reached."""
    patient = people.patient(here, appointment.patient_id)
    ways = [(Channel.MAIL, patient.email), (Channel.SMS, patient.phone)] if patient else []
    return [(channel, recipient) for channel, recipient in ways if recipient]


def _when(together: Sequence[Appointment]) -> str:
    return "\n".join(moment(each.starts_at, each.zone) for each in together)
