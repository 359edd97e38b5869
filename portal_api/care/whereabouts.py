"""Where patients say that they are during a visit: the place of service goes by it, and never by a guess."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from ledger.rules.place_of_service import AT_HOME, ELSEWHERE
from portal_api import audit
from portal_api.store.rows import made

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from portal_api.here import Here
    from portal_api.scheduling.appointments import Appointment

_SAY = sa.text(
    "insert into portal.whereabouts (practice_id, appointment_id, is_home, state, said_at)"
    " values (:practice_id, :appointment_id, :is_home, :state, :now)"
)
# A move of the visit asks for a license there from now on.
_BOOKED_FOR = sa.text("update portal.appointment set patient_state = :state where id = :appointment_id")
_LICENSED = sa.text(
    "select exists (select from portal.licence where provider_id = :provider_id and state = :state"
    " and (expires_on + 1)::timestamp at time zone :zone >= :ends_at)"
)
_SAID = sa.text(
    "select is_home, state, said_at from portal.whereabouts where appointment_id = :appointment_id"
    " order by id desc limit 1"
)


@dataclass(frozen=True)
class Whereabouts:
    """What a patient said: at home or elsewhere, and in which state."""

    is_home: bool
    state: str
    said_at: datetime

    @property
    def place_of_service(self) -> str:
        """The place of service that follows."""
        return AT_HOME if self.is_home else ELSEWHERE


def say(here: Here, appointment: Appointment, *, is_home: bool, state: str) -> None:
    """Keep what the patient says now; what was said before stays too. The visit is for there if it may be."""
    values = {"practice_id": here.practice.practice_id, "appointment_id": appointment.id, "now": here.now}
    here.db.execute(_SAY, values | {"is_home": is_home, "state": state})
    if may_be_seen(here, appointment, state):
        here.db.execute(_BOOKED_FOR, {"appointment_id": appointment.id, "state": state})
    audit.record(here, "whereabouts.said", f"appointment/{appointment.id}")


def may_be_seen(here: Here, appointment: Appointment, state: str) -> bool:
    """Tell whether the provider of a visit has a license, on its day, for the state its patient is in."""
    values = {"provider_id": appointment.provider_id, "state": state, "zone": appointment.provider_time_zone}
    return bool(here.db.scalar(_LICENSED, values | {"ends_at": appointment.ends_at}))


def said(here: Here, appointment_id: UUID) -> Whereabouts | None:
    """Return what the patient said last."""
    return next(iter(made(Whereabouts, here.db.execute(_SAID, {"appointment_id": appointment_id}))), None)
