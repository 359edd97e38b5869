"""How a call to a processor ended, as far as anybody can know: done, declined, refused, later or unknown."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping


class State(StrEnum):
    """Where a row of the outbox stands; all but `pending` and `unknown` are final."""

    PENDING = "pending"
    DONE = "done"
    REFUSED = "refused"
    DECLINED = "declined"
    UNKNOWN = "unknown"

    @property
    def is_final(self) -> bool:
        """Whether nothing more will be tried."""
        return self not in {State.PENDING, State.UNKNOWN}


class Advice(StrEnum):
    """What a declined card asks for."""

    RETRY = "retry"
    NEW_CARD = "new_card"
    AUTHENTICATE = "authenticate"
    NEVER = "never"


@dataclass(frozen=True)
class _Ended:
    state: ClassVar[State]

    def document(self) -> dict[str, object]:
        """Return the outcome as JSON would have it."""
        return {"outcome": type(self).__name__.lower()} | dataclasses.asdict(self)


@dataclass(frozen=True)
class Done(_Ended):
    """It took effect once, by the object of this id; `facts` are amounts in cents and ids, by name."""

    state: ClassVar[State] = State.DONE
    object_id: str
    facts: Mapping[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Declined(_Ended):
    """The card was declined; the demand (an invoice) stands, and Stripe goes on trying where that makes sense."""

    state: ClassVar[State] = State.DECLINED
    object_id: str
    code: str
    advice: Advice


@dataclass(frozen=True)
class Refused(_Ended):
    """Stripe, or the egress table, says no: the same call will not go through another time."""

    state: ClassVar[State] = State.REFUSED
    code: str
    why: str


@dataclass(frozen=True)
class Later(_Ended):
    """It surely had no effect, and may go through later: a limit was reached, or another call is under way."""

    state: ClassVar[State] = State.PENDING
    why: str


@dataclass(frozen=True)
class Unknown(_Ended):
    """It may have had its effect or not. `answered`: Stripe sent a failure, so nothing is under way any more."""

    state: ClassVar[State] = State.UNKNOWN
    why: str
    answered: bool


Outcome = Done | Declined | Refused | Later | Unknown
