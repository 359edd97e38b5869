"""What the oracle is given: the inputs of a world as plain values, in arrival order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from datetime import date, datetime


@dataclass(frozen=True)
class Observation:
    """One row of the visit ledger; `sha` is the SHA-256 of the canonical row and only breaks ties of time."""

    visit_token: str
    claim_ref: str | None
    practice_id: str
    provider_id: str
    state: str
    service_code: str
    modifiers: frozenset[str]
    units: int
    place_of_service: str
    scheduled_start: datetime
    scheduled_end: datetime
    started_at: datetime | None
    ended_at: datetime | None
    payer_id: str | None
    charge_cents: int
    patient_estimate_cents: int | None
    state_changed_at: datetime
    sha: str = ""


@dataclass(frozen=True)
class Adjustment:
    """One CAS triplet; positive cents lower the payment."""

    group_code: str
    reason_code: str
    amount_cents: int


@dataclass(frozen=True)
class Service:
    """One SVC with its CAS."""

    service_code: str
    modifiers: tuple[str, ...]
    charge_cents: int
    paid_cents: int
    adjustments: tuple[Adjustment, ...] = ()


@dataclass(frozen=True)
class Claim:
    """One CLP; `clp05_cents` is what the payer says the patient owes and is never trusted."""

    claim_ref: str | None
    status_code: str
    charge_cents: int
    paid_cents: int
    clp05_cents: int = 0
    payer_claim_number: str | None = None
    facility_code: str | None = None
    claim_adjustments: tuple[Adjustment, ...] = ()
    services: tuple[Service, ...] = ()
    original_ref: str | None = None

    @property
    def adjustments(self) -> tuple[Adjustment, ...]:
        """Every adjustment of the claim, at claim and at service level."""
        return self.claim_adjustments + tuple(a for service in self.services for a in service.adjustments)

    @property
    def is_reversal(self) -> bool:
        """CLP02 22, or a negative charge with nothing positive in CLP03 to CLP05 (the sign decides, not the status)."""
        money = (self.charge_cents, self.paid_cents, self.clp05_cents)
        return self.status_code == "22" or (self.charge_cents < 0 and all(cents <= 0 for cents in money))


@dataclass(frozen=True)
class ProviderAdjustment:
    """One PLB pair; positive cents lower the payment. Without a provider (PLB01) it is the payee's."""

    reason_code: str
    reference: str
    amount_cents: int
    provider_id: str | None = None


@dataclass(frozen=True)
class Transaction:
    """One ST of a received file; `body_sha256` names what stands between ST and SE."""

    file_sha256: str
    st_index: int
    payer_name: str | None
    payer_id: str | None
    trn_payer: str | None
    payee_npi: str | None
    bpr_cents: int
    bpr_method: str | None
    paid_on: date | None
    trn_number: str | None
    body_sha256: str
    claims: tuple[Claim, ...]
    provider_adjustments: tuple[ProviderAdjustment, ...] = ()

    @property
    def payer(self) -> str | None:
        """Who paid: the first of payer id, TRN03 and payer name that is there."""
        return self.payer_id or self.trn_payer or self.payer_name

    @property
    def claims_cents(self) -> int:
        """Sum of CLP04."""
        return sum(claim.paid_cents for claim in self.claims)

    @property
    def provider_adjustments_cents(self) -> int:
        """Sum of PLB."""
        return sum(pair.amount_cents for pair in self.provider_adjustments)

    @property
    def residual_cents(self) -> int:
        """BPR02 less what the claims and provider adjustments explain; 0 where the transaction balances."""
        return self.bpr_cents - (self.claims_cents - self.provider_adjustments_cents)


@dataclass(frozen=True)
class StripeVersion:
    """One version of a Stripe object; the larger (`version`, `sha`) is the newer."""

    body: dict[str, Any]
    version: datetime
    sha: str = ""


@dataclass(frozen=True)
class Fee:
    """One row of the fee schedule; dates are inclusive."""

    payer_id: str
    service_code: str
    modifiers: frozenset[str]
    place_of_service: str
    effective_from: date
    effective_to: date | None
    allowed_cents: int


@dataclass(frozen=True)
class Practice:
    """One row of the practices' rules."""

    practice_id: str
    no_show_fee_cents: int = 0
    late_cancel_fee_cents: int = 0
    partial_visit: str = "pro_rata"


@dataclass(frozen=True)
class Deposit:
    """One row of the bank's list."""

    deposit_id: str
    deposited_on: date
    amount_cents: int
    trace_number: str | None


@dataclass(frozen=True)
class HandMatch:
    """A person's word on which visit a claim is about; None takes back the one before."""

    file_sha256: str
    st_index: int
    claim_index: int
    visit_token: str | None


@dataclass(frozen=True)
class Rules:
    """The settings that the contract names, with its defaults."""

    as_of: date
    timezone: str = "UTC"
    claim_overdue_days: int = 45
    underpaid_cents: int = 100
    eft_overdue_days: int = 10
    duplicate_hours: int = 24

    @property
    def zone(self) -> ZoneInfo:
        """Where the practice keeps its books."""
        return ZoneInfo(self.timezone)

    def local_date(self, moment: datetime) -> date:
        """Return the date of a moment where the practice keeps its books."""
        return moment.astimezone(self.zone).date()


@dataclass
class Inputs:
    """All inputs, each list in arrival order."""

    rules: Rules
    observations: list[Observation] = field(default_factory=list)
    stripe: list[StripeVersion] = field(default_factory=list)
    transactions: list[Transaction] = field(default_factory=list)
    fees: list[Fee] = field(default_factory=list)
    practices: list[Practice] = field(default_factory=list)
    deposits: list[Deposit] = field(default_factory=list)
    matches: list[HandMatch] = field(default_factory=list)
