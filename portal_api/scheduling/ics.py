"""A visit for the patient's own calendar (RFC 5545), which others may read: when, and at which portal."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from icalendar import Alarm, Calendar, Event

if TYPE_CHECKING:
    from portal_api.here import Here
    from portal_api.scheduling.appointments import Appointment

MEDIA_TYPE = "text/calendar; charset=utf-8"


def written(here: Here, appointment: Appointment) -> bytes:
    """Return the file. A visit that moved has the same UID and a higher SEQUENCE: calendars replace it."""
    event = Event()
    event.add("uid", f"{appointment.id}@{here.practice.practice_id}.portal")
    event.add("sequence", appointment.moves + (appointment.status == "released"))
    event.add("dtstamp", here.now)
    event.add("dtstart", appointment.starts_at)
    event.add("dtend", appointment.ends_at)
    event.add("summary", f"Appointment, {here.practice.name}")
    event.add("url", f"{here.origin}/visits")
    event.add("status", "CANCELLED" if appointment.status == "released" else "CONFIRMED")
    event.add("class", "PRIVATE")
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", "Appointment")
    alarm.add("trigger", timedelta(minutes=-15))
    event.add_component(alarm)
    calendar = Calendar()
    calendar.add("prodid", "-//Trueup//Portal//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    return bytes(calendar.to_ical())
