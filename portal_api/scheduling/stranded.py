"""Visits that stay booked while the hours around them went: somebody has to move them, or the patient waits alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal_api.scheduling.slots import LONGEST_LOOK
from portal_api.store.rows import made

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from portal_api.here import Here

# A group's session is set at whatever time; of it only time off tells.
_STRANDED = sa.text("""
select a.id, t.name, a.starts_at
from portal.appointment as a
inner join portal.visit_type as t on t.id = a.visit_type_id
where a.calendar_id = :calendar_id and a.status = 'booked' and a.patient_id is not null
    and a.starts_at > :now and a.starts_at < :until
    and (
        exists (
            select from portal.time_off as o
            where o.calendar_id = a.calendar_id and o.off_from < a.ends_at and o.off_to > a.starts_at
        )
        or a.session_id is null and not exists (
            select from portal.windows(array[cast(:calendar_id as uuid)], :now, :until) as w
            where w.opens <= a.starts_at and w.closes >= a.ends_at
        )
    )
order by a.starts_at, a.id
""")


@dataclass(frozen=True)
class Stranded:
    """A booked visit outside the hours of its calendar."""

    id: UUID
    what: str
    starts_at: datetime


def of_calendar(here: Here, calendar_id: UUID) -> list[Stranded]:
    """Return the visits of the next two months that the hours, days or time off of a calendar leave out."""
    values = {"calendar_id": calendar_id, "now": here.now, "until": here.now + LONGEST_LOOK}
    return made(Stranded, here.db.execute(_STRANDED, values))
