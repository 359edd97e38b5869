"""The slow way through the three balances of an 835 (X12 RFI 2601): service, claim, transaction, row by row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ingestion.era835.findings import dollars
from tests.support.plain_reader.values import LARGEST_CENTS

Row = dict[str, Any]
Remark = tuple[str, int | None, str | None]
"""Rule, segment (null = the transaction's first), amount."""


@dataclass
class Level:
    """A claim or a service line with what its CAS add up to; `unread` where one of them is no amount."""

    row: Row
    segment: int
    adjusted: int = 0
    magnitude: int = 0
    owed: int = 0
    unread: bool = False

    def adjust(self, amount: int | None, *, owed: bool) -> None:
        """Take one CAS amount, null where it could not be read."""
        if amount is None:
            self.unread = True
            return
        self.adjusted += amount
        self.magnitude += abs(amount)
        self.owed += amount if owed else 0


@dataclass
class Sums:
    """The amounts of one transaction. `provider` are its PLB amounts, null once one of them could not be read."""

    claims: list[Level] = field(default_factory=list)
    services: list[Level] = field(default_factory=list)
    provider: list[int] | None = field(default_factory=list)
    magnitude: int = 0

    def adjust_provider(self, amount: int | None) -> None:
        """Take one PLB amount, null where it could not be read."""
        if amount is None:
            self.provider = None
        elif self.provider is not None:
            self.provider.append(amount)

    def balance(self, transaction: Row) -> list[Remark]:
        """Write every `residual_cents` and the sums of the transaction; return what does not balance."""
        for level in (*self.claims, *self.services):
            if (
                level.magnitude + abs(level.row["charge_cents"] or 0) + abs(level.row["paid_cents"] or 0)
                > LARGEST_CENTS
            ):
                level.unread, level.owed = True, 0
        if self._too_large(transaction["bpr_cents"]):
            remarks: list[Remark] = [("era.amount_too_large", None, None)]
        else:
            remarks = self._total(transaction)
        for name, levels in (("service", self.services), ("claim", self.claims)):
            for level in levels:
                charge, paid = level.row["charge_cents"], level.row["paid_cents"]
                if charge is None or paid is None or level.unread:
                    continue
                residual = level.row["residual_cents"] = charge - level.adjusted - paid
                if residual:
                    remarks.append((f"era.{name}_unbalanced", level.segment, dollars(residual)))
        for level in self.claims:
            level.row["patient_responsibility_cents"] = level.owed
        return remarks

    def _too_large(self, bpr_cents: int | None) -> bool:
        """Whether a sum of this transaction could be more than the books hold."""
        read = [level.row[name] for level in (*self.claims, *self.services) for name in ("charge_cents", "paid_cents")]
        amounts = [bpr_cents, *read, *(self.provider or [])]
        magnitude: int = self.magnitude + sum(abs(amount) for amount in amounts if amount is not None)
        return magnitude > LARGEST_CENTS

    def _total(self, transaction: Row) -> list[Remark]:
        paid = [level.row["paid_cents"] for level in self.claims]
        claims = None if None in paid else sum(paid)
        provider = None if self.provider is None else sum(self.provider)
        transaction["claims_cents"], transaction["provider_adjustments_cents"] = claims, provider
        if transaction["bpr_cents"] is None or claims is None or provider is None:
            return []
        residual = transaction["residual_cents"] = transaction["bpr_cents"] - (claims - provider)
        return [("era.held_residual", None, dollars(residual))] if residual else []
