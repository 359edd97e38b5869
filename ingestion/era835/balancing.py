"""The three balances of an 835 (X12 RFI 2601): service, claim and transaction, each difference in cents."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from ingestion.era835.findings import dollars
from ingestion.era835.spans import LARGEST
from ingestion.era835.tokens import added

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ingestion.era835.placed import Placed
    from ingestion.era835.tokens import Positions

    Cents: TypeAlias = NDArray[np.int64]
    Flags: TypeAlias = NDArray[np.bool_]

_LIMIT = 1 << 31  # halves of 32 bits: 2**63 cents are more than the books hold


class Balances:
    """Adds up the amounts of one part, by service line, claim and transaction.

    Service: SVC02 - CAS - SVC03. Claim: CLP03 - all CAS - CLP04. Transaction: BPR02 - (sum of CLP04 - sum of PLB).
    A residual that cannot be worked out, since an amount of it could not be read, is null. AMT segments take no part.
    Columns here have a row a claim, a service line, or a transaction of the part. `has_payment` says that the
    transaction which began in an earlier part had its BPR there.
    """

    def __init__(self, placed: Placed, *, has_payment: bool) -> None:
        self._placed, self.has_payment = placed, has_payment
        size = len(placed.part.pieces)
        self.claim_count = np.zeros(size, np.int64)
        self.paid, self.provider = np.zeros(size, np.int64), np.zeros(size, np.int64)
        self.paid_unread, self.provider_unread = np.zeros(size, np.bool_), np.zeros(size, np.bool_)
        self._high, self._low = np.zeros(size, np.int64), np.zeros(size, np.int64)

    def claims(self, rows: Positions, charge: tuple[Cents, Flags], paid: tuple[Cents, Flags]) -> None:
        """Take the charge and the payment of every claim, and which of them could be read."""
        self._claims = _Level(rows, charge, paid)
        self._owed = np.zeros(rows.size, np.int64)
        pieces = self._magnitude(rows, charge[0], paid[0])
        self.claim_count += np.bincount(pieces, minlength=self.claim_count.size)
        added(self.paid, pieces, paid[0])
        self.paid_unread[pieces[~paid[1]]] = True

    def services(self, rows: Positions, charge: tuple[Cents, Flags], paid: tuple[Cents, Flags]) -> None:
        """Take the charge and the payment of every service line, and which of them could be read."""
        self._services = _Level(rows, charge, paid)
        self._magnitude(rows, charge[0], paid[0])

    def adjust(self, rows: Positions, amounts: Cents, read: Flags, owed: Flags) -> None:
        """Take the amounts of CAS segments; `owed` are those of group PR."""
        claims, on_line = self._placed.claim_of[rows], self._placed.on_line[rows]
        self._claims.adjust(claims, amounts, read)
        self._services.adjust(self._placed.service_of[rows[on_line]], amounts[on_line], read[on_line])
        added(self._owed, claims[owed], amounts[owed])
        self._magnitude(rows, amounts)

    def adjust_providers(self, rows: Positions, amounts: Cents, read: Flags) -> None:
        """Take the amounts of PLB segments."""
        pieces = self._magnitude(rows, amounts)
        added(self.provider, pieces, amounts)
        self.provider_unread[pieces[~read]] = True

    def magnitude(self, piece: int) -> int:
        """Return how much the sums of a transaction could come to by this part: all its amounts without their signs."""
        return (int(self._high[piece]) << 32) + int(self._low[piece])

    def residuals(self) -> tuple[tuple[Cents, Flags], tuple[Cents, Flags], Cents]:
        """Return the residuals of claims and of service lines, and what the patient owes of each claim.

        What does not balance is told. Where a sum could be more than a bigint holds, there is none.
        """
        if (self._high + (self._low >> 32) >= _LIMIT).any():
            for level in (self._claims, self._services):
                level.unread |= level.too_large()
            self._owed[self._claims.too_large()] = 0
        claims = self._told(self._claims, "era.claim_unbalanced")
        return claims, self._told(self._services, "era.service_unbalanced"), self._owed

    def _told(self, level: _Level, rule: str) -> tuple[Cents, Flags]:
        values, known = level.charge - level.adjusted - level.paid, ~level.unread
        wrong = np.flatnonzero((values != 0) & known)
        self._placed.note(rule, level.rows[wrong], [dollars(value) for value in values[wrong].tolist()])
        return values, known

    def _magnitude(self, rows: Positions, *columns: Cents) -> Positions:
        """Add to how much a transaction could come to, and return the transaction of each row."""
        pieces = self._placed.piece_of(rows)
        for amounts in columns:
            sizes = np.abs(amounts)
            added(self._high, pieces, sizes >> 32)
            added(self._low, pieces, sizes & 0xFFFFFFFF)
        return pieces


class _Level:
    """Charge, adjustments and payment of claims or of service lines."""

    def __init__(self, rows: Positions, charge: tuple[Cents, Flags], paid: tuple[Cents, Flags]) -> None:
        self.rows = rows
        self.charge, self.paid = charge[0], paid[0]
        self.unread = ~(charge[1] & paid[1])
        self.adjusted = np.zeros(rows.size, np.int64)

    def adjust(self, owners: NDArray[np.int64], amounts: Cents, read: Flags) -> None:
        added(self.adjusted, owners, amounts)
        self.unread[owners[~read]] = True
        self._adjustments = owners, amounts

    def too_large(self) -> Flags:
        """Add up the amounts of each once more, without their signs and without a limit."""
        sizes = np.abs(self.charge.astype(object)) + np.abs(self.paid.astype(object))
        owners, amounts = self._adjustments
        np.add.at(sizes, owners, np.abs(amounts.astype(object)))
        too_large: Flags = (sizes > LARGEST).astype(np.bool_)
        return too_large
