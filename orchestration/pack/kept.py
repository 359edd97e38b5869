"""What a pack is made of: the rows that one closing of a month kept, and what happened to the month until then."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from ledger.store import closed_figures
from ledger.store.closed_figures import Frozen
from orchestration import published
from orchestration.published import Table

if TYPE_CHECKING:
    import psycopg


class NotAsSealed(Exception):  # noqa: N818 - the public name says what is wrong
    """Rows that a closing kept are not those that it sealed; the message names the table."""


class Event(NamedTuple):
    """A closing or reopening of the month: who, when and why."""

    event: str
    why: str | None
    made_by: str
    made_at: datetime


@dataclass(frozen=True)
class Closing:
    """One closing of a month: the events up to it, and its tables as kept, each with its seal."""

    period: str
    version: int
    events: tuple[Event, ...]
    tables: dict[str, Table]
    sealed: dict[str, Frozen]

    @property
    def itself(self) -> Event:
        """The event that closed it."""
        return self.events[-1]

    @property
    def name(self) -> str:
        """What its files are called by."""
        return f"trueup-{self.period}-v{self.version}"


def read(connection: "psycopg.Connection", period: str, version: int) -> Closing:
    """Return a closing that took place; raises NotAsSealed when a row of it was changed, lost or added."""
    events = connection.execute(
        "select event, why, made_by, made_at from ledger.period_event"
        " where period = %s and ordinal < %s * 2 order by ordinal",
        (period, version),
    )
    tables = published.as_closed(connection, period, version)
    for name, table in tables.items():
        if not published.is_sound(connection, period, version, table):
            raise NotAsSealed(
                f"{name} of {period} is not what was sealed at its closing (version {version}): call for help."
            )
    sealed = closed_figures.tables(connection, period, version)
    return Closing(period, version, tuple(Event(*row) for row in events), tables, sealed)
