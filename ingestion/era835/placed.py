"""Segments in their place: the transaction, claim and service line of each, and remarks on them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ingestion.era835 import spans
from ingestion.era835.findings import Finding, Place, finding, shown
from ingestion.era835.tokens import CLP, SVC, nested
from ingestion.landing import described

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ingestion.era835.envelope import Part
    from ingestion.era835.segments import Spans
    from ingestion.era835.tokens import Bytes, Positions


@dataclass
class Nesting:
    """Where the next segment of an open transaction stands: numbers of the last claim and line, -1 before the first."""

    claim: int = -1
    service: int = -1
    in_claim: bool = False


class Placed:
    """One part of a file with the place of every segment. All of a claim stands in one part.

    `claims` and `services` number the claim and the line before a segment, from 0 in the transaction and in the claim;
    `inside` and `on_line` tell whether it belongs to them. Remarks go to `findings`.
    """

    def __init__(self, part: Part, nesting: Nesting, findings: list[Finding]) -> None:
        self.part, self.segments, self.transactions = part, part.segments, part.transactions
        self.findings = findings
        self.claims, self.services, self.inside, self.on_line = nested(
            self.segments.tags, self.transactions, nesting.claim, nesting.service, nesting.in_claim
        )

    def rows(self, *names: str) -> Positions:
        """Return the segments of these names that stand in an 835, in their order."""
        rows = self.segments.rows(*names)
        return rows[self.transactions[rows] >= 0]

    @property
    def nesting(self) -> Nesting:
        """Where the last segment stands."""
        return Nesting(int(self.claims[-1]), int(self.services[-1]), bool(self.inside[-1]))

    @cached_property
    def claim_of(self) -> NDArray[np.int64]:
        """The claim of each segment in a claim, counted over this part."""
        return np.cumsum((self.segments.tags == CLP) & (self.transactions >= 0)) - 1

    @cached_property
    def service_of(self) -> NDArray[np.int64]:
        """The service line of each segment on a line, counted over this part."""
        return np.cumsum((self.segments.tags == SVC) & self.inside) - 1

    @cached_property
    def _piece_starts(self) -> NDArray[np.int64]:
        return np.array([piece.start for piece in self.part.pieces], np.int64)

    def piece_of(self, rows: Positions) -> NDArray[np.intp]:
        """Return the transaction of each row, counted over this part."""
        return np.searchsorted(self._piece_starts, rows, side="right") - 1

    # Values -------------------------------------------------------------------------------------------------------

    def amounts(
        self, rows: Positions, numbers: int | Positions, *, missing: str | None = "era.amount_missing"
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Read an element of each row as cents, and tell which could be read.

        An empty one counts 0, under the rule `missing`; one that cannot be read holds its transaction.
        """
        found = self.segments.element(rows, numbers)
        values, states = found.cents()
        self._note_elements("era.amount_unreadable", rows, numbers, found, states == spans.UNREADABLE, shown)
        if missing is not None:
            self._note_elements(missing, rows, numbers, found, states == spans.MISSING)
        return values, states != spans.UNREADABLE

    def informative_amounts(self, rows: Positions, number: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Read amounts that take no part in any balance, and tell which are there and could be read."""
        found = self.segments.element(rows, number)
        values, states = found.cents()
        self._note_elements("era.value_unreadable", rows, number, found, states == spans.UNREADABLE, shown)
        return values, states == spans.READ

    def days(self, rows: Positions, numbers: int | Positions) -> tuple[Positions, Bytes]:
        """Read an element of each row as days since 1970, and what became of each."""
        found = self.segments.element(rows, numbers)
        values, states = found.days()
        self._note_elements("era.date_unreadable", rows, numbers, found, states == spans.UNREADABLE, described)
        return values, states

    def quantities(self, rows: Positions, numbers: int | Positions) -> tuple[NDArray[np.int64], Bytes]:
        """Read an element of each row as thousandths, and what became of each."""
        found = self.segments.element(rows, numbers)
        values, states = found.thousandths()
        self._note_elements("era.quantity_unreadable", rows, numbers, found, states == spans.UNREADABLE, shown)
        return values, states

    # Remarks ------------------------------------------------------------------------------------------------------

    def note(
        self, rule: str, rows: Positions | NDArray[np.intp], values: Sequence[str | None] = (), where: str = ""
    ) -> None:
        """Add a remark on each of these rows, with a value that is safe to show."""
        if rows.size:
            wheres = [where] * rows.size
            self._note_all(rule, rows, list(values) or [None] * rows.size, wheres)

    def _note_elements(  # noqa: PLR0913, PLR0917 - what an element is, and what is wrong with it
        self,
        rule: str,
        rows: Positions,
        numbers: int | Positions,
        found: Spans,
        wrong: NDArray[np.bool_],
        say: object = None,
    ) -> None:
        which = np.flatnonzero(wrong)
        if not which.size:
            return
        at = np.broadcast_to(numbers, rows.shape)[which].tolist()
        wheres = [
            f"{self.segments.name(row)}{number:02d}" for row, number in zip(rows[which].tolist(), at, strict=True)
        ]
        values = [say(found.one(row)) if callable(say) else None for row in which.tolist()]
        self._note_all(rule, rows[which], values, wheres)

    def _note_all(
        self, rule: str, rows: Positions | NDArray[np.intp], values: list[str | None], wheres: list[str]
    ) -> None:
        places = zip(
            self.transactions[rows].tolist(),
            self.part.numbers[rows].tolist(),
            self.segments.byte_offsets(rows).tolist(),
            strict=True,
        )
        for (st_index, number, offset), value, where in zip(places, values, wheres, strict=True):
            place = Place(st_index if st_index >= 0 else None, number, offset)
            self.findings.append(finding(rule, place, value, where))
