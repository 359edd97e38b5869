"""Visits as staff work on them: a day of them, and those that are over and not closed out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal_api.access import Role
from portal_api.store.rows import made

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from portal_api.here import Here

MOST = 200
UNCLOSED = "v.state in ('scheduled', 'started') and v.scheduled_end < :now"
"""Past its time and not closed out, of ledger.visit as v."""


@dataclass(frozen=True)
class Entry:
    """A visit of the practice; booked elsewhere it has no appointment, and its patient may be nobody here."""

    visit_token: UUID
    appointment_id: UUID | None
    patient: str
    what: str
    provider: str
    provider_id: str
    starts_at: datetime
    ends_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    state: str
    place_of_service: str
    is_insured: bool

    @property
    def is_open(self) -> bool:
        """Tell whether it is not over by the ledger."""
        return self.state in {"scheduled", "started"}

    def is_overdue(self, now: datetime) -> bool:
        """Tell whether it is past its time and nobody has closed it out."""
        return self.is_open and self.ends_at < now


_SELECT = """
select
    v.visit_token, a.id, coalesce(m.given_name || ' ' || m.family_name, 'Booked elsewhere'),
    coalesce(t.name, v.service_code), coalesce(p.name, v.provider_id), v.provider_id,
    v.scheduled_start, v.scheduled_end, v.started_at, v.ended_at, v.state, v.place_of_service, v.payer_id is not null
from ledger.visit as v
left join portal.appointment as a on a.visit_token = v.visit_token
left join portal.patient as m on m.patient_token = v.patient_token
left join portal.visit_type as t on t.id = a.visit_type_id
left join portal.provider as p on p.ledger_id = v.provider_id
where (:everybody or v.provider_id = :mine)
"""


def day(here: Here, since: datetime, until: datetime) -> list[Entry]:
    """Return the visits that start in [since, until), cancelled ones left out; providers see their own."""
    return _read(
        here,
        "and v.scheduled_start >= :since and v.scheduled_start < :until"
        " and v.state not in ('cancelled', 'late_cancelled')",
        since=since,
        until=until,
    )


def unclosed(here: Here) -> list[Entry]:
    """Return what is past its time and not closed out, the oldest first: nobody is billed for it yet."""
    return _read(here, f"and {UNCLOSED}", now=here.now)


def one(here: Here, visit_token: UUID) -> Entry | None:
    """Return a visit that whoever is here may work on."""
    return next(iter(_read(here, "and v.visit_token = :visit_token", visit_token=visit_token)), None)


def _read(here: Here, where: str, **values: object) -> list[Entry]:
    rows = here.db.execute(
        sa.text(f"{_SELECT} {where} order by v.scheduled_start, v.visit_token limit {MOST}"),
        {**values, "everybody": bool(here.me.roles - {Role.PROVIDER}), "mine": here.me.provider_id},
    )
    return made(Entry, rows)
