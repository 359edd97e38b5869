"""When a patient is reminded of a visit: a day and an hour before, and never at night."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from portal_api.scheduling import appointments, letters

if TYPE_CHECKING:
    from portal_api.here import Here

HOURS_BEFORE = (24, 1)
QUIET_FROM, QUIET_TO = time(21), time(8)
"""The hours of the patient's night in which no telephone rings because of us."""
STILL_OF_USE = timedelta(minutes=15)
_FARTHEST = timedelta(hours=max(HOURS_BEFORE) + 11)


def due_at(starts_at: datetime, hours: int, zone: ZoneInfo) -> datetime:
    """Return when to remind: so many hours before, or where that is at night, when the night ends.

    Where it ends too late to be of use, it is the evening before, as the night begins.
    """
    due = (starts_at - timedelta(hours=hours)).astimezone(zone)
    clock = due.time()
    if QUIET_TO <= clock < QUIET_FROM:
        return due.astimezone(starts_at.tzinfo)
    evening = due.date() if clock >= QUIET_FROM else due.date() - timedelta(days=1)
    ends = datetime.combine(evening + timedelta(days=1), QUIET_TO, zone)
    begins = datetime.combine(evening, QUIET_FROM, zone) - timedelta(minutes=1)
    at = ends if ends + STILL_OF_USE <= starts_at else begins
    return at.astimezone(starts_at.tzinfo)


def remind(here: Here) -> int:
    """Send the reminders that are due; return of how many visits. A visit that was booked later than that has none."""
    sent = 0
    for each in appointments.starting(here, here.now, here.now + _FARTHEST):
        for hours in HOURS_BEFORE:
            due = due_at(each.starts_at, hours, ZoneInfo(each.patient_time_zone))
            if due <= here.now and each.accepted_at is not None and each.accepted_at < due:
                letters.reminder(here, each, hours)
                sent += 1
    return sent
