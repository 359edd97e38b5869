"""The three balances of an 835 (X12 RFI 2601): service, claim and transaction, each difference in cents."""

from __future__ import annotations

from itertools import chain
from typing import Any

from ingestion.era835.findings import dollars
from ingestion.era835.values import LARGEST_CENTS


class Balance:
    """Adds up one transaction at a time and writes the residual columns of its claims and service lines.

    Service: SVC02 - CAS - SVC03. Claim: CLP03 - all CAS - CLP04. Transaction: BPR02 - (sum of CLP04 - sum of PLB).
    A residual that cannot be worked out, since an amount of it could not be read, is null. AMT segments take no part.
    """

    def __init__(self, claims: dict[str, list[Any]], services: dict[str, list[Any]]) -> None:
        self._claims, self._services = claims, services
        self.start()

    def start(self) -> None:
        """Begins a transaction."""
        self._first_claim, self._first_service = (
            len(self._claims["residual_cents"]),
            len(self._services["residual_cents"]),
        )
        self._claim_segments: list[int] = []
        self._claim_adjusted: list[int] = []
        self._claim_owed: list[int] = []
        self._service_segments: list[int] = []
        self._service_adjusted: list[int] = []
        self._unread_claims: set[int] = set()
        self._unread_services: set[int] = set()
        self._provider: list[int] | None = []
        self._magnitude = 0
        self.remarks: list[tuple[str, int | None, str | None]] = []
        self.claims_cents: int | None = None
        self.provider_adjustments_cents: int | None = None
        self.residual_cents: int | None = None

    def open_claim(self, segment: int) -> None:
        """Note that a CLP stands in `segment`."""
        self._claim_segments.append(segment)
        self._claim_adjusted.append(0)
        self._claim_owed.append(0)

    def open_service(self, segment: int) -> None:
        """Note that an SVC stands in `segment`."""
        self._service_segments.append(segment)
        self._service_adjusted.append(0)

    def adjust(self, amount: int | None, *, owed: bool, on_service: bool) -> None:
        """Take a CAS amount of the last claim (and of its last line); null where it could not be read."""
        if amount is None:
            self._unread_claims.add(len(self._claim_adjusted) - 1)
            if on_service:
                self._unread_services.add(len(self._service_adjusted) - 1)
            return
        self._magnitude += abs(amount)
        self._claim_adjusted[-1] += amount
        if on_service:
            self._service_adjusted[-1] += amount
        if owed:
            self._claim_owed[-1] += amount

    def adjust_provider(self, amount: int | None) -> None:
        """Take a PLB amount; null where it could not be read."""
        if amount is None:
            self._provider = None
        elif self._provider is not None:
            self._provider.append(amount)

    def finish(self, bpr_cents: int | None) -> None:
        """Write the residuals; `remarks` are (rule, segment or null, amount) of what does not balance."""
        paid = self._claims["paid_cents"][self._first_claim :]
        too_large = self._too_large(bpr_cents, paid)
        if too_large:
            self._unread_claims.update(range(len(self._claim_adjusted)))
            self._unread_services.update(range(len(self._service_adjusted)))
            self._claim_owed = [0] * len(self._claim_owed)
            self.remarks.append(("era.amount_too_large", None, None))
        else:
            self._total(bpr_cents, paid)
        self._claims["patient_responsibility_cents"].extend(self._claim_owed)
        self._level(self._services, self._first_service, self._service_adjusted, self._unread_services, "service")
        self._level(self._claims, self._first_claim, self._claim_adjusted, self._unread_claims, "claim")

    def _too_large(self, bpr_cents: int | None, paid: list[int | None]) -> bool:
        """Whether a sum of this transaction could be more than the books hold."""
        claims, services = self._claims, self._services
        columns = chain(
            paid,
            claims["charge_cents"][self._first_claim :],
            services["charge_cents"][self._first_service :],
            services["paid_cents"][self._first_service :],
            self._provider or [],
        )
        magnitude: int = self._magnitude + abs(bpr_cents or 0) + sum(map(abs, filter(None, columns)))
        return magnitude > LARGEST_CENTS

    def _total(self, bpr_cents: int | None, paid: list[int | None]) -> None:
        if None not in paid:
            self.claims_cents = sum(filter(None, paid))
        if self._provider is not None:
            self.provider_adjustments_cents = sum(self._provider)
        if bpr_cents is None or self.claims_cents is None or self.provider_adjustments_cents is None:
            return
        self.residual_cents = bpr_cents - (self.claims_cents - self.provider_adjustments_cents)
        if self.residual_cents:
            self.remarks.append(("era.held_residual", None, dollars(self.residual_cents)))

    def _level(
        self, columns: dict[str, list[Any]], first: int, adjusted: list[int], unread: set[int], level: str
    ) -> None:
        """Write the residuals of the claims or of the service lines of this transaction."""
        segments = self._claim_segments if level == "claim" else self._service_segments
        residuals: list[int | None] = [
            None if charge is None or paid is None else charge - adjustments - paid
            for charge, paid, adjustments in zip(
                columns["charge_cents"][first:], columns["paid_cents"][first:], adjusted, strict=True
            )
        ]
        for index in unread:
            residuals[index] = None
        columns["residual_cents"].extend(residuals)
        if any(residuals):
            self.remarks.extend(
                (f"era.{level}_unbalanced", segments[index], dollars(residual))
                for index, residual in enumerate(residuals)
                if residual
            )
