"""Which times a patient can really have, and why others cannot be had: the database's two functions, asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from portal_api.problems import Problem
from portal_api.scheduling import catalog
from portal_api.store.rows import made

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portal_api.here import Here

LONGEST_LOOK = timedelta(days=62)
"""A question asks for no more days than this."""
INSTANT, A_DAY = timedelta(microseconds=1), timedelta(days=1)
# Care given in the last three years makes a patient established, as CPT counts for the codes of new patients.
_IS_NEW = sa.text("""
select not p.is_established and not exists (
    select from ledger.visit as v
    where v.patient_token = p.patient_token and v.practice_id = p.practice_id
    and v.state in ('completed', 'partially_completed', 'disputed')
    and v.scheduled_start > cast(:now as timestamptz) - interval '3 years'
)
from portal.patient as p where p.id = :patient_id
""")
_OPEN = sa.text("""
select s.calendar_id, p.name, p.credentials, c.time_zone, s.starts_at
from portal.open_slots(
    coalesce(cast(:calendars as uuid []), array(select id from portal.calendar)), :visit_type_id, :since, :until, :now,
    :payer_id, :state, :is_new, cast(:patient_id as uuid), cast(:moving as uuid)
) as s
inner join portal.calendar as c on c.id = s.calendar_id
inner join portal.provider as p on p.id = c.provider_id
order by s.starts_at, p.name, s.calendar_id
""")
_WHY = sa.text("""
select starts_at, reasons from portal.why_not(
    :calendar_id, :visit_type_id, :since, :until, :now, :payer_id, :state, :is_new, cast(:patient_id as uuid)
)
""")


@dataclass(frozen=True)
class Wish:
    """What a patient asks for: the visit, who insures them (None: they pay), the state they will be in, their zone."""

    visit_type_id: UUID
    payer_id: str | None
    state: str
    time_zone: str


@dataclass(frozen=True)
class Slot:
    """A time that can be had."""

    calendar_id: UUID
    provider_name: str
    credentials: str
    provider_time_zone: str
    starts_at: datetime

    @property
    def title(self) -> str:
        """The provider's name with credentials."""
        return catalog.titled(self.provider_name, self.credentials)

    @property
    def key(self) -> str:
        """The slot in one word, as a button of a form carries it."""
        return f"{self.calendar_id}@{self.starts_at.astimezone(UTC).strftime('%Y%m%dT%H%M')}"


@dataclass(frozen=True)
class Asker:
    """Who asks for what: a patient, or with None anybody who is or is not new to the practice."""

    wish: Wish
    patient_id: UUID | None
    is_new: bool


class Span(NamedTuple):
    """Instants from `since` on and before `until`."""

    since: datetime
    until: datetime


REASONS = {
    "not_offered": "This provider does not offer this visit.",
    "new_patients_only": "This visit is for new patients.",
    "not_for_new_patients": "New patients cannot book this.",
    "insurance_not_accepted": "This provider does not accept this insurance.",
    "not_licensed": "The provider has no license for this state on that day.",
    "lead_time": "It is too soon: the visit needs more notice.",
    "beyond_horizon": "It is too far ahead to be booked yet.",
    "outside_hours": "It is outside the provider's hours, or the visit would not end within them.",
    "time_off": "The provider has time off.",
    "busy": "Another visit is booked then.",
    "buffer": "It is too close to another visit: the time kept free around it is needed.",
    "held": "Somebody is booking this time right now.",
    "full": "Every seat of the group is taken.",
    "patient_is_elsewhere": "The patient has another visit then.",
}


def chosen(key: str) -> tuple[UUID, datetime]:
    """Return the calendar and the time that a button names. Raises 400 for what no button says."""
    calendar, _, at = key.partition("@")
    try:
        return UUID(calendar), datetime.strptime(at, "%Y%m%dT%H%M").replace(tzinfo=UTC)
    except ValueError:
        raise Problem(HTTPStatus.BAD_REQUEST, "no-slot", "Choose one of the times.") from None


def is_new(here: Here, patient_id: UUID) -> bool:
    """Tell whether a patient is new to the practice."""
    return bool(here.db.scalar(_IS_NEW, {"patient_id": patient_id, "now": here.now}))


def asker(here: Here, wish: Wish, patient_id: UUID) -> Asker:
    """Return the patient as one who asks, new or established."""
    return Asker(wish, patient_id, is_new(here, patient_id))


def find(
    here: Here, who: Asker, span: Span, calendars: Sequence[UUID] | None = None, moving: UUID | None = None
) -> list[Slot]:
    """Return the open times that start in the span, by time and provider; of all calendars, or of some.

    What is `moving` (an appointment) does not stand in its own way.
    """
    more = {"calendars": None if calendars is None else list(calendars), "moving": moving}
    return made(Slot, here.db.execute(_OPEN, {**_asked(here, who, span), **more}))


def is_open(here: Here, who: Asker, calendar_id: UUID, starts_at: datetime, moving: UUID | None = None) -> bool:
    """Tell whether this very time can be had."""
    return bool(find(here, who, Span(starts_at, starts_at + INSTANT), [calendar_id], moving))


def why(here: Here, who: Asker, calendar_id: UUID, span: Span) -> list[tuple[datetime, list[str]]]:
    """Return every time of a calendar's grid with the reasons, of REASONS, that hide it; none: it can be had."""
    rows = here.db.execute(_WHY, {**_asked(here, who, span), "calendar_id": calendar_id})
    return [(row.starts_at, row.reasons) for row in rows]


def _asked(here: Here, who: Asker, span: Span) -> dict[str, object]:
    return {
        "visit_type_id": who.wish.visit_type_id,
        "payer_id": who.wish.payer_id,
        "state": who.wish.state,
        "patient_id": who.patient_id,
        "is_new": who.is_new,
        "since": span.since,
        "until": min(span.until, span.since + LONGEST_LOOK),
        "now": here.now,
    }
