"""Booked visits at the sample practices, as tests of the video visit need them: now, whatever the hours are."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID, uuid4

import sqlalchemy as sa

from ledger.rules.visit import Actor
from ledger.store import visits
from portal_api.access import Role
from portal_api.care import whereabouts
from portal_api.identity import people
from portal_api.intake import consents
from portal_api.scheduling import appointments
from tests.support.bookings import as_patient
from tests.support.portals import HARBOR

if TYPE_CHECKING:
    from datetime import datetime

    from portal_api.here import Here
    from portal_api.sample import Person, Sample
    from tests.support.portals import Portal

_INSERT = sa.text("""
insert into portal.appointment (
    practice_id, id, calendar_id, visit_type_id, patient_id, session_id, visit_token, visit, busy, status, capacity,
    taken, patient_state, patient_time_zone, charge_cents, cancel_hours, late_cancel_fee_cents, no_show_fee_cents,
    partial_visit, accepted_at
)
select
    :practice_id, :id, calendar.id, visit_type.id, :patient_id, :session_id, :visit_token, given.visit, given.visit,
    'booked', :capacity, :taken, :state, :zone, :cents, :hours, :fee, :fee, :partial, :accepted_at
from (select tstzrange(:starts_at, :ends_at) as visit) as given, portal.visit_type, portal.calendar
inner join portal.provider on provider.id = calendar.provider_id
where visit_type.name = :visit_type and provider.ledger_id = :provider_id
""")
_MINUTES = timedelta(minutes=45)


class Booked(NamedTuple):
    """A booked visit, or the session of a group (its visit token is None)."""

    id: UUID
    visit_token: UUID | None

    @property
    def path(self) -> str:
        """Where its video is."""
        return f"/call/{self.id}"


def book(  # noqa: PLR0913 - what differs between visits
    portal: Portal,
    starts_at: datetime | None = None,
    *,
    sample: Sample = HARBOR,
    email: str = "",
    provider: int = 0,
    session: Booked | None = None,
) -> Booked:
    """Book a follow-up of 45 minutes, or a seat in a group's session, for the sample's first patient or another."""
    with portal.at(sample) as here:
        found = people.patient_of_email(here, email or sample.patient.email)
        assert found is not None
        person = [each for each in sample.people if Role.PROVIDER in each.roles][provider]
        made = Booked(uuid4(), uuid4())
        starts = starts_at or here.now
        _insert(here, made, person, starts, patient_id=found.id, session=session)
        assert made.visit_token is not None
        visit = visits.Visit(
            visit_token=made.visit_token,
            patient_token=found.patient_token,
            practice_id=here.practice.practice_id,
            provider_id=str(person.provider_id),
            service_category=1,
            service_code="90834",
            place_of_service="10",
            scheduled_start=starts,
            scheduled_end=starts + _MINUTES,
            charge_cents=16_500,
            state_changed_at=here.now,
        )
        visits.book(here.books, visit, visits.Deed(f"test/{made.id}", Actor.STAFF, here.now))
        ready(here, found.id, made.id)
    return made


def group(portal: Portal, starts_at: datetime | None = None) -> Booked:
    """Open a group's session of six seats."""
    made = Booked(uuid4(), None)
    with portal.at() as here:
        person = next(each for each in HARBOR.people if Role.PROVIDER in each.roles)
        _insert(here, made, person, starts_at or here.now, capacity=6)
    return made


def _insert(  # noqa: PLR0913 - what differs between a visit, a session and a seat
    here: Here,
    made: Booked,
    person: Person,
    starts_at: datetime,
    *,
    patient_id: UUID | None = None,
    session: Booked | None = None,
    capacity: int | None = None,
) -> None:
    is_seat = patient_id is not None
    values = {
        "practice_id": here.practice.practice_id,
        "id": made.id,
        "provider_id": person.provider_id,
        "patient_id": patient_id,
        "session_id": session.id if session else None,
        "visit_token": made.visit_token,
        "starts_at": starts_at,
        "ends_at": starts_at + _MINUTES,
        "visit_type": "Stress group" if capacity or session else "Follow-up",
        "capacity": capacity,
        "taken": 0 if capacity else None,
        "state": "MA" if is_seat else None,
        "zone": "America/New_York" if is_seat else None,
        "cents": 16_500 if is_seat else None,
        "hours": 24 if is_seat else None,
        "fee": 0 if is_seat else None,
        "partial": "full" if is_seat else None,
        "accepted_at": here.now,
    }
    assert here.db.execute(_INSERT, values).rowcount == 1


def ready(here: Here, patient_id: UUID, appointment_id: UUID) -> None:
    """Do for a patient what is to be done before a visit; a card is asked only where there is a card service."""
    me = as_patient(here, patient_id)
    for text in consents.unsigned(me, patient_id):
        consents.sign(me, text.id, "Some Body", is_agreed=True)
    visit = appointments.get(me, appointment_id)
    assert visit is not None
    whereabouts.say(me, visit, is_home=True, state="NY")
