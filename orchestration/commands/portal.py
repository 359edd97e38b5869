"""The way in for commands that work at the portal: its schema, its door, and the sample practices."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from orchestration.commands.errors import Misused
from orchestration.commands.output import Output, printable

if TYPE_CHECKING:
    from orchestration.commands.workspace import Workspace
    from portal_api.door import Door
    from portal_api.here import Here
    from portal_api.identity.people import Staff
    from portal_api.tenants.practices import Practice

SHOWN = ("provider", "front_desk", "billing", "practice_admin", "finance", "auditor")


@contextlib.contextmanager
def opened(books: "Workspace") -> Iterator["Door"]:
    """Give a door to the portal, whose schema is prepared."""
    from portal_api import keys
    from portal_api.door import Door
    from portal_api.store import schema

    schema.prepare(books.database)
    door = Door(books.settings, books.database, keys.found(books.settings))
    try:
        yield door
    finally:
        door.close()


@contextlib.contextmanager
def at(door: "Door", practice_id: str) -> Iterator["Here"]:
    """Work at a practice; commits at the end of the block. Raises Misused for one that the portal does not have."""
    if practice_id not in door.practice_ids():
        raise Misused(f"The portal has no practice {printable(practice_id)}: trueup portal list shows those it has.")
    with door.at(practice_id) as here:
        yield here


@contextlib.contextmanager
def founded(door: "Door", practice: "Practice", hosts: Sequence[str]) -> Iterator["Here"]:
    """Work at a practice that is made if it is not there. Raises Misused for a host name that is another's."""
    try:
        with door.founding(practice, hosts) as here:
            yield here
    except LookupError as refusal:
        raise Misused(str(refusal)) from None


def with_samples(books: "Workspace") -> bool:
    """Fill an embedded portal that has no practice with the two sample ones; tell whether it has them."""
    from portal_api import sample

    with opened(books) as door:
        found = set(door.practice_ids())
        samples = {each.practice.practice_id for each in sample.SAMPLES}
        if not found and books.settings.database_url is None and not books.settings.stripe_is_live:
            sample.fill(door)
            return True
        return bool(found & samples)


def tell_samples(books: "Workspace", output: Output) -> None:
    """Say how to sign in to the sample practices."""
    from portal_api.access import Role
    from portal_api.identity import people
    from portal_api.sample import SAMPLES

    with opened(books) as door:
        for sample in SAMPLES:
            with door.at(sample.practice.practice_id) as here:
                staff = sorted(people.all_staff(here), key=lambda each: len(each.roles))
                # One of each role is enough to look at everything, best one who has no other.
                shown = {role: next((each for each in staff if role in each.roles), None) for role in SHOWN}
                ways = {role: _way_in(here, each) for role, each in shown.items() if each}
            output.line(f"Portal of {sample.practice.name} (sample): {here.origin}/")
            output.line(f"  patient {sample.patient.email}: sign in there; the mail with link and code is printed here")
            for role, way in ways.items():
                output.line(f"  {Role(role).replace('_', ' ')} {way}")


def _way_in(here: "Here", member: "Staff") -> str:
    from portal_api.identity import invitations

    if member.has_password:
        return f"{member.email}: sign in at {here.origin}/staff/sign-in"
    return f"{member.email}: choose a password at {invitations.link(here, member.id, member.email)}"
