"""The parts of an explained remittance. Amounts are integer cents, indexes start at 0, a null is what nobody sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime
    from decimal import Decimal


@dataclass(frozen=True)
class Adjustment:
    """What was taken off a charge (CAS): `bearer` by the group alone, `kind` by group and reason (CARC)."""

    group_code: str | None
    reason_code: str | None
    amount_cents: int | None
    quantity: Decimal | None
    bearer: str
    kind: str
    meaning: str | None


@dataclass(frozen=True)
class Remark:
    """A remark code (RARC) and where it stood: MIA, MOA or LQ."""

    code: str
    source: str
    meaning: str | None


@dataclass(frozen=True)
class Service:
    """A service line (SVC). `allowed_cents` is paid + PR + CO-253."""

    service_index: int
    qualifier: str | None
    service_code: str | None
    modifiers: tuple[str, ...]
    submitted_code: str | None
    units: Decimal | None
    service_from: date | None
    line_ref: str | None
    charge_cents: int | None
    paid_cents: int | None
    allowed_cents: int | None
    patient_responsibility_cents: int
    residual_cents: int | None
    adjustments: tuple[Adjustment, ...]
    remarks: tuple[Remark, ...]


@dataclass(frozen=True)
class Undone:
    """The claim of the same file that a reversal takes back."""

    st_index: int
    claim_index: int


@dataclass(frozen=True)
class Claim:
    """A claim (CLP) with the words of its codes. `looks_denied` is derived from its money, never from its status."""

    st_index: int
    claim_index: int
    claim_ref: str | None
    status_code: str | None
    status: str | None
    charge_cents: int | None
    paid_cents: int | None
    allowed_cents: int | None
    patient_responsibility_cents: int
    filing_code: str | None
    filing: str | None
    payer_claim_number: str | None
    original_ref: str | None
    facility_code: str | None
    place_of_service: str | None
    frequency_code: str | None
    frequency: str | None
    service_from: date | None
    service_to: date | None
    is_reversal: bool
    undoes: Undone | None
    looks_denied: bool
    residual_cents: int | None
    adjustments: tuple[Adjustment, ...]
    remarks: tuple[Remark, ...]
    services: tuple[Service, ...]


@dataclass(frozen=True)
class ProviderAdjustment:
    """An adjustment of the payment that belongs to no claim (PLB); a positive amount lowers the payment."""

    provider_id: str | None
    fiscal_year_end: date | None
    reason_code: str | None
    reference: str | None
    amount_cents: int | None
    meaning: str | None


@dataclass(frozen=True)
class Difference:
    """A level that does not balance, where it stands in the file, and by how many cents."""

    level: str
    claim_index: int | None
    claim_ref: str | None
    service_index: int | None
    service_code: str | None
    off_by_cents: int
    segment_index: int | None
    byte_offset: int | None


@dataclass(frozen=True)
class Found:
    """Findings of one rule: the sentence once, how many there are, and the first places (segment, byte, value)."""

    rule: str
    severity: str
    message: str
    count: int
    places: tuple[Place, ...]


@dataclass(frozen=True)
class Place:
    """Where a finding stands: segment from its ST, byte of the file, and the value where it may be shown."""

    st_index: int | None
    segment_index: int | None
    byte_offset: int | None
    value: str | None


@dataclass(frozen=True)
class Standing:
    """How a loaded transaction stands in the books: its verdict there, and what a person settled of it."""

    verdict: str
    settlement: str | None = None
    replaced_by: str | None = None
    settled_by: str | None = None
    settled_at: datetime | None = None
    why: str | None = None


@dataclass(frozen=True)
class Transaction:
    """A payment (ST to SE). `verdict` is what the file alone says; `standing` what the books say, null without them."""

    file_sha256: str
    st_index: int
    st_control: str | None
    payer_name: str | None
    payer_id: str | None
    payee_npi: str | None
    bpr_cents: int | None
    bpr_method: str | None
    method: str | None
    bpr_flag: str | None
    paid_on: date | None
    trn_number: str | None
    trn_payer: str | None
    claims_cents: int | None
    provider_adjustments_cents: int | None
    residual_cents: int | None
    claim_count: int
    verdict: str
    standing: Standing | None
    provider_adjustments: tuple[ProviderAdjustment, ...]
    differences: tuple[Difference, ...]
    findings: tuple[Found, ...]


@dataclass(frozen=True)
class Totals:
    """What the claims of a transaction add up to, in cents; amounts nobody could read count 0."""

    charge_cents: int = 0
    paid_cents: int = 0
    patient_cents: int = 0
    contractual_cents: int = 0
    sequestration_cents: int = 0
    other_cents: int = 0
    claims: int = 0
    services: int = 0
    reversals: int = 0


@dataclass(frozen=True)
class Summary:
    """A file in figures: `claims_shown` is false where its claims were too many to show unasked."""

    name: str
    file_sha256: str
    transactions: int
    claims: int
    services: int
    claims_shown: bool
    findings: tuple[Found, ...]
    unread: dict[str, int]
