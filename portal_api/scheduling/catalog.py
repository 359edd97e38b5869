"""What a practice offers: its visit types, its providers and the payers that they accept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal_api.store.rows import made

if TYPE_CHECKING:
    from uuid import UUID

    from portal_api.here import Here


@dataclass(frozen=True)
class VisitType:
    """A kind of visit: minutes, buffers around it, and what its list price is. `for_whom`: anyone, new, established."""

    id: UUID
    name: str
    kind: str
    minutes: int
    buffer_before: int
    buffer_after: int
    step: int
    for_whom: str
    capacity: int
    lead_minutes: int
    horizon_days: int
    service_code: str
    charge_cents: int

    @property
    def is_group(self) -> bool:
        """Whether several patients have it together, at times that the practice sets."""
        return self.capacity > 1


@dataclass(frozen=True)
class Payer:
    """Who insures; `id` is the payer id of claims."""

    id: str
    label: str


@dataclass(frozen=True)
class Calendar:
    """A provider's time; its hours are in its own time zone."""

    id: UUID
    provider_id: UUID
    ledger_id: str
    provider_name: str
    credentials: str
    time_zone: str

    @property
    def title(self) -> str:
        """The provider's name with credentials."""
        return titled(self.provider_name, self.credentials)


_VISIT_TYPE = ", ".join(VisitType.__dataclass_fields__)
_VISIT_TYPES = sa.text(
    f"select {_VISIT_TYPE} from portal.visit_type where is_active"
    " order by array_position(array['intake', 'follow_up', 'group'], kind), name, id"
)
_PAYERS = sa.text("select id, label from portal.payer order by label, id")
_CALENDARS = sa.text(
    "select c.id, c.provider_id, p.ledger_id, p.name, p.credentials, c.time_zone from portal.calendar as c"
    " inner join portal.provider as p on p.id = c.provider_id where p.is_active order by p.name, c.id"
)


def titled(name: str, credentials: str) -> str:
    """Return a provider's name with credentials."""
    return f"{name}, {credentials}" if credentials else name


def visit_types(here: Here) -> list[VisitType]:
    """Return what can be booked."""
    return made(VisitType, here.db.execute(_VISIT_TYPES))


def visit_type(here: Here, visit_type_id: UUID) -> VisitType | None:
    """Return a visit type that can be booked."""
    return next((each for each in visit_types(here) if each.id == visit_type_id), None)


def payers(here: Here) -> list[Payer]:
    """Return the payers that somebody of the practice may accept."""
    return made(Payer, here.db.execute(_PAYERS))


def calendars(here: Here) -> list[Calendar]:
    """Return the calendars of the practice's providers, by name."""
    return made(Calendar, here.db.execute(_CALENDARS))


def calendar(here: Here, calendar_id: UUID) -> Calendar | None:
    """Return a calendar."""
    return next((each for each in calendars(here) if each.id == calendar_id), None)


def calendar_of(here: Here, ledger_id: str | None) -> Calendar | None:
    """Return the calendar of a provider, by the id that the visit ledger knows."""
    return next((each for each in calendars(here) if each.ledger_id == ledger_id), None)
