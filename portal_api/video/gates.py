"""What must be done before a patient is let in: consents signed, a card on file where the practice wants one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from ledger.store import customers

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal_api.here import Here
    from portal_api.video.meetings import Side


class Lack(NamedTuple):
    """Something that is still to be done, in words, and where."""

    words: str
    path: str


Gate: TypeAlias = "Callable[[Here, Side], Lack | None]"


def _card(here: Here, side: Side) -> Lack | None:
    """Ask for a card where the practice wants one before it gives care."""
    if side.seat is None or not here.practice.policies.video_needs_card:
        return None
    patient = here.me.patient_token
    customer = customers.of_patient(here.books, patient) if patient else None
    return None if customer and customer.card else Lack("put a card on file", "/card")


# A room that knows of something else to be done first adds a gate; a provider passes through none of them.
GATES: list[Gate] = [_card]


def lacks(here: Here, side: Side) -> list[Lack]:
    """Return what a person still has to do before they are let in."""
    if side.is_provider:
        return []
    return [lack for gate in GATES if (lack := gate(here, side)) is not None]
