"""A patient books as with a browser without scripts, and the steps of it by themselves."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from portal_api.access import Kind, Role, Who
from portal_api.identity import people
from portal_api.scheduling import bookings, catalog, holds, slots
from portal_api.scheduling.slots import Span, Wish

if TYPE_CHECKING:
    from portal_api.here import Here
    from portal_api.scheduling.appointments import Appointment
    from portal_api.scheduling.slots import Asker, Slot
    from tests.support.portals import Visitor

ZONE = "America/New_York"


def wish(here: Here, kind: str = "follow_up", payer: str | None = None, state: str = "NY") -> Wish:
    """Return a wish for the practice's visit type of a kind."""
    found = next(each for each in catalog.visit_types(here) if each.kind == kind)
    return Wish(found.id, payer, state, ZONE)


def patient(here: Here, name: str, **more: object) -> UUID:
    """Add a patient who is known to the practice."""
    return people.add_patient(here, f"{name}@example.com", name, "Somebody", is_established=True, **more)


def asker(here: Here, patient_id: UUID, kind: str = "follow_up") -> Asker:
    """Return a patient who asks for the visit type of a kind and pays it."""
    return slots.asker(here, wish(here, kind), patient_id)


def as_patient(here: Here, patient_id: UUID) -> Here:
    """Return the same place with a patient signed in."""
    who = Who(Kind.PATIENT, patient_id, "Somebody", frozenset({Role.PATIENT}), uuid4(), here.now, here.now)
    return replace(here, who=who)


def open_slots(here: Here, who: Asker, days: float) -> list[Slot]:
    """Return the open slots of 24 hours that begin so many days from now, of the first provider who has any."""
    since = here.now + timedelta(days=days)
    found = slots.find(here, who, Span(since, since + timedelta(days=1)))
    return [each for each in found if each.calendar_id == found[0].calendar_id]


def book(  # noqa: PLR0913, PLR0917 - what differs between visits
    here: Here, patient_id: UUID, days: float, payer: str | None = None, place: int = 0, kind: str = "follow_up"
) -> Appointment:
    """Book a follow-up, or another kind, so many days from now: the first open time, or a later one."""
    who = slots.asker(here, wish(here, kind, payer=payer), patient_id)
    slot = open_slots(here, who, days)[place]
    (booked,) = bookings.confirm(here, holds.hold(here, who, slot.calendar_id, slot.starts_at))
    return booked


def choices(html: str, name: str) -> list[str]:
    """Return the values that a page offers for a field."""
    return re.findall(rf'name="{name}" value="([^"]+)"', html)


def hold(visitor: Visitor, **asked: str) -> str:
    """Ask for times as the forms do and hold the first; returns the path of the hold."""
    kind = choices(visitor.get("/book").text, "visit_type")[0]
    said = {"visit_type": kind, "payer": "PAY-7KQ2", "state": "NY", "zone": ZONE, "provider": "", **asked}
    slot = choices(visitor.get("/book/times", params=said).text, "slot")[0]
    answer = visitor.submit("/book/holds", slot=slot, **said)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]
