"""What a patient is shown before booking, and what then holds: price, and until when the visit is theirs to cancel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from ledger.rules.billing import PartialVisit, PracticeRules
from ledger.store import practices
from portal_api.store.rows import made

if TYPE_CHECKING:
    from uuid import UUID

    from portal_api.here import Here

_PRICE = sa.text(
    "select t.charge_cents, case when cast(:payer_id as text) is not null then"
    " coalesce(e.patient_estimate_cents, t.charge_cents) end as estimate_cents"
    " from portal.visit_type as t left join portal.payer_estimate as e"
    " on e.visit_type_id = t.id and e.payer_id = cast(:payer_id as text) where t.id = :visit_type_id"
)


@dataclass(frozen=True)
class Terms:
    """Price and policy of a visit, in cents and hours, as they were when it was held; they never change after."""

    charge_cents: int
    patient_estimate_cents: int | None
    cancel_hours: int
    late_cancel_fee_cents: int
    no_show_fee_cents: int
    partial_visit: str

    @property
    def patient_pays_cents(self) -> int:
        """What the patient is expected to pay: of an insured visit the estimate, else its price."""
        return self.charge_cents if self.patient_estimate_cents is None else self.patient_estimate_cents

    @property
    def of_ledger(self) -> practices.Terms:
        """The fees under which the ledger closes this visit out, and its window for cancelling."""
        rules = PracticeRules(self.no_show_fee_cents, self.late_cancel_fee_cents, PartialVisit(self.partial_visit))
        return practices.Terms(rules, timedelta(hours=self.cancel_hours))

    def free_until(self, starts_at: datetime) -> datetime:
        """Return until when a visit can be cancelled or moved without a fee."""
        return starts_at - timedelta(hours=self.cancel_hours)


NAMES = tuple(Terms.__dataclass_fields__)


def quoted(here: Here, visit_type_id: UUID, payer_id: str | None) -> Terms:
    """Return the terms of the practice as they are now. Without an estimate of the payer it is the whole charge."""
    policies = here.practice.policies
    price = here.db.execute(_PRICE, {"visit_type_id": visit_type_id, "payer_id": payer_id}).one()
    return Terms(
        price.charge_cents,
        price.estimate_cents,
        policies.cancel_hours,
        policies.late_cancel_fee_cents,
        policies.no_show_fee_cents,
        policies.partial_visit,
    )


def of_visit(here: Here, visit_token: UUID) -> Terms | None:
    """Return the terms that a booked visit was accepted under; None for a visit that was not booked here."""
    rows = here.db.execute(
        sa.text(f"select {', '.join(NAMES)} from portal.appointment where visit_token = :visit_token"),
        {"visit_token": visit_token},
    )
    return next(iter(made(Terms, rows)), None)
