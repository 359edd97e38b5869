"""What patients are sent about their times: when, and where to look; never with whom, or what for."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from portal_api.identity import people
from portal_api.notices import Channel, Message, Notice, send
from portal_api.templating import moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portal_api.here import Here
    from portal_api.scheduling.appointments import Appointment


def booked(here: Here, together: Sequence[Appointment]) -> None:
    """Say that visits are booked; those of a series in one mail."""
    _send(here, Notice.VISIT_BOOKED, together)


def moved(here: Here, appointment: Appointment) -> None:
    """Say when a visit is now."""
    _send(here, Notice.VISIT_MOVED, [appointment])


def cancelled(here: Here, appointment: Appointment) -> None:
    """Say that a visit is cancelled."""
    _send(here, Notice.VISIT_CANCELLED, [appointment])


def offer(here: Here, held: Appointment) -> None:
    """Say that a time came free and until when it is held."""
    zone = ZoneInfo(held.patient_time_zone)
    until = moment(held.hold_expires_at or held.starts_at, zone)
    for channel in (Channel.MAIL, Channel.SMS):
        _send(here, Notice.TIME_OFFERED, [held], channel, path=f"/book/holds/{held.id}", until=until)


def reminder(here: Here, appointment: Appointment, hours: int) -> None:
    """Remind of a visit, once for each time it is moved to, by mail and by text message."""
    for channel in (Channel.MAIL, Channel.SMS):
        key = f"reminder/{appointment.id}/{appointment.starts_at.isoformat()}/{hours}/{channel}"
        _send(here, Notice.VISIT_SOON, [appointment], channel, once_key=key)


def _send(
    here: Here,
    notice: Notice,
    together: Sequence[Appointment],
    channel: Channel = Channel.MAIL,
    path: str = "/visits",
    once_key: str | None = None,
    **more: str,
) -> None:
    patient = people.patient(here, together[0].patient_id)
    recipient = (patient.email if channel is Channel.MAIL else patient.phone) if patient else ""
    if not recipient:
        return
    when = "\n".join(moment(each.starts_at, ZoneInfo(each.patient_time_zone)) for each in together)
    message = Message(notice, recipient, {"when": when, "link": f"{here.origin}{path}", **more}, channel)
    send(here, message, expires_at=together[0].starts_at, once_key=once_key)
