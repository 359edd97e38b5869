"""Two made-up practices with people of each, for `trueup up`, `trueup demo` and the tests: two looks, one portal."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from portal_api.access import Role
from portal_api.identity import people
from portal_api.intake import sample_texts
from portal_api.scheduling import sample_agendas
from portal_api.tenants.palette import Palette
from portal_api.tenants.practices import Policies, Practice, Texts

if TYPE_CHECKING:
    from portal_api.door import Door
    from portal_api.here import Here


class Person(NamedTuple):
    """A made-up person; without roles a patient."""

    email: str
    name: str
    roles: frozenset[Role] = frozenset()
    provider_id: str | None = None
    sees_all_practices: bool = False


class Sample(NamedTuple):
    """A made-up practice, where its portal is, and its people. Files of a room may read it and add rows of theirs."""

    practice: Practice
    hosts: tuple[str, ...]
    people: tuple[Person, ...]

    @property
    def patient(self) -> Person:
        """The first patient."""
        return next(person for person in self.people if not person.roles)


HARBOR = Sample(
    Practice(
        "prac_harbor",
        "Harbor Telehealth",
        "America/New_York",
        "care@harbor.example",
        "+1 617 555 0117",
        "12 Pier Road, Boston, MA 02110",
        Texts(welcome="Talk to a therapist from where you are. Book a time, meet by video, see what it cost."),
        policies=Policies(late_cancel_fee_cents=5000, no_show_fee_cents=7500, wants_card=True),
    ),
    ("harbor.localhost", "localhost", "127.0.0.1"),
    (
        Person("pat@example.com", "Pat Moreno"),
        Person("robin@example.com", "Robin Ellis"),
        Person("dana.reed@harbor.example", "Dana Reed, LICSW", frozenset({Role.PROVIDER}), "prov_harbor_reed"),
        Person("omar.haddad@harbor.example", "Omar Haddad, MD", frozenset({Role.PROVIDER}), "prov_harbor_haddad"),
        Person("desk@harbor.example", "Lena Fischer", frozenset({Role.FRONT_DESK})),
        Person("billing@harbor.example", "Sam Okafor", frozenset({Role.BILLING, Role.FINANCE})),
        Person("admin@harbor.example", "Ines Duarte", frozenset({Role.PRACTICE_ADMIN})),
        Person("finance@harbor.example", "Tomas Lind", frozenset({Role.FINANCE}), sees_all_practices=True),
        Person("auditor@harbor.example", "Vera Holm", frozenset({Role.AUDITOR}), sees_all_practices=True),
    ),
)
CEDAR = Sample(
    Practice(
        "prac_cedar",
        "Cedar Grove Family Care",
        "America/Los_Angeles",
        "hello@cedargrove.example",
        "+1 503 555 0142",
        "480 Alder Street, Portland, OR 97205",
        Texts(welcome="Your family's care team, on the screen you have at hand."),
        Palette(
            brand="#1f5f3f",
            link="#1b6b45",
            ink="#1e2621",
            quiet="#4c5950",
            ground="#f7f5ef",
            edge="#77806f",
            focus="#8f3d8a",
        ),
    ),
    ("cedar.localhost",),
    (
        Person("kim@example.com", "Kim Novak"),
        Person("lee@example.com", "Lee Tran"),
        Person("ruth.abel@cedargrove.example", "Ruth Abel, NP", frozenset({Role.PROVIDER}), "prov_cedar_abel"),
        Person("desk@cedargrove.example", "Noor Aziz", frozenset({Role.FRONT_DESK})),
        Person("billing@cedargrove.example", "Ivan Petrov", frozenset({Role.BILLING, Role.FINANCE})),
        Person("admin@cedargrove.example", "June Park", frozenset({Role.PRACTICE_ADMIN})),
    ),
)
SAMPLES = (HARBOR, CEDAR)


def fill(door: Door) -> None:
    """Make the practices and their people; those that are there stay as they are."""
    for sample in SAMPLES:
        with door.founding(sample.practice, sample.hosts) as here:
            for person in sample.people:
                _add(here, person)
            sample_texts.fill(here)
            sample_agendas.fill(here, [(each.provider_id, each.name) for each in sample.people if each.provider_id])


def _add(here: Here, person: Person) -> None:
    if person.roles:
        if people.staff_of_email(here, person.email) is None:
            people.add_staff(
                here,
                person.email,
                person.name,
                person.roles,
                person.provider_id,
                sees_all_practices=person.sees_all_practices,
            )
    elif people.patient_of_email(here, person.email) is None:
        given, _, family = person.name.partition(" ")
        people.add_patient(here, person.email, given, family, time_zone=here.practice.time_zone, home_state=None)
