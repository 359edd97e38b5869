"""One made-up visit whose money is followed from booking to level books: its figures, and its payer's answer."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sandbox.world.catalog import PRACTICES, Payer, Practice
from sandbox.world.x12 import Claim, Dialect, Remit, interchange

_PAYER = Payer("PAY-DEMO", "SAMPLE DEMONSTRATION PLAN", "TSTD9", "1990000909", "CHK", 0, "12", 9)
_VISIT, _PATIENT = UUID("0f1e2d3c-4b5a-4697-8877-665544332211"), UUID("1f2e3d4c-5b6a-4798-8977-665544332211")


@dataclass(frozen=True)
class OneVisit:
    """The visit; amounts in cents. The patient is asked for the estimate, and owes the share in the end."""

    visit_token: UUID = _VISIT
    patient_token: UUID = _PATIENT
    claim_ref: str = "7QKMV3D8X0TB5RHG2"
    practice: Practice = PRACTICES[0]
    payer_id: str = _PAYER.payer_id
    service_code: str = "90834"
    place: str = "10"
    start: datetime = datetime(2026, 9, 29, 15, 0, tzinfo=UTC)
    length: timedelta = timedelta(minutes=45)
    charge_cents: int = 15_000
    estimate_cents: int = 4_000
    allowed_cents: int = 10_000
    share_cents: int = 2_500
    paid_on: date = date(2026, 10, 12)

    @property
    def paid_cents(self) -> int:
        """What the payer pays."""
        return self.allowed_cents - self.share_cents


VISIT = OneVisit()


def remittance(visit: OneVisit) -> bytes:
    """Return the 835 by which the payer answers: what it allows, pays, and leaves to the patient."""
    claim = Claim(
        reference=visit.claim_ref,
        status="1",
        charge=visit.charge_cents,
        paid=visit.paid_cents,
        adjustments=(("CO", "45", visit.charge_cents - visit.allowed_cents), ("PR", "2", visit.share_cents)),
        number="DEMO0001",
        place=visit.place,
        filing=_PAYER.filing_code,
        service_code=visit.service_code,
        modifiers=("95",),
        units=1,
        day=visit.start.date(),
    )
    return interchange([Remit(_PAYER, visit.practice.payee_npi, "DEMO-0001", visit.paid_on, (claim,))], Dialect(), 909)
