"""The way in for commands that work at the portal: its schema, its door, and the sample practices."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from orchestration.commands.output import Output

if TYPE_CHECKING:
    from orchestration.commands.workspace import Workspace
    from portal_api.door import Door


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
    from portal_api.sample import SAMPLES

    for sample in SAMPLES:
        address = f"http://{sample.hosts[0]}:{books.settings.portal_port}/"
        output.line(f"Portal of {sample.practice.name} (sample): {address}")
        output.line(f"  sign in as the patient {sample.patient.email}; the mail with the link is printed here")
