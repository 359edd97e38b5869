"""What must be done before a patient is let in: consents signed, a card on file where the practice wants one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from portal_api.intake import todo
from portal_api.scheduling import appointments

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal_api.here import Here
    from portal_api.video.meetings import Side


class Lack(NamedTuple):
    """Something that is still to be done, in words, and where."""

    words: str
    path: str


Gate: TypeAlias = "Callable[[Here, Side], list[Lack]]"


def intake(here: Here, side: Side) -> list[Lack]:
    """Return what a patient has still to do before their visit."""
    mine = appointments.get(here, side.seat.appointment_id) if side.seat else None
    return [Lack(each.words, each.path) for each in todo.left(here, mine)] if mine else []


# A room that knows of something to be done first adds a gate; a provider passes through none of them.
GATES: list[Gate] = [intake]


def lacks(here: Here, side: Side) -> list[Lack]:
    """Return what a person still has to do before they are let in."""
    if side.is_provider:
        return []
    return [lack for gate in GATES for lack in gate(here, side)]
