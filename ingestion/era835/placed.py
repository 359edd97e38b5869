"""Segments in their place: the transaction, claim and service line of each, and remarks on them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ingestion.era835 import spans
from ingestion.era835.findings import Finding, Place, finding, shown
from ingestion.era835.tokens import CLP, SVC, TAGS, grouped, nested
from ingestion.landing import described

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ingestion.era835.envelope import Part
    from ingestion.era835.segments import Elements
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
    `inside` and `on_line` tell whether it belongs to them; `read` whether a table took something
    from it, or a remark tells of it. Remarks go to `findings`.
    """

    def __init__(self, part: Part, nesting: Nesting, findings: list[Finding]) -> None:
        self.part, self.segments, self.transactions = part, part.segments, part.transactions
        self.findings = findings
        self._first_transaction = part.pieces[0].transaction.st_index if part.pieces else 0
        self._of_all: dict[str, Elements] = {}
        self.read = np.zeros(len(part.segments), np.bool_)
        self.claims, self.services, self.inside, self.on_line = nested(
            self.segments.tags, self.transactions, nesting.claim, nesting.service, nesting.in_claim
        )

    def rows(self, *names: str) -> Positions:
        """Return the segments of these names (of tokens.TAGS) that stand in an 835, in their order."""
        rows, bounds = self._grouped
        groups = [rows[bounds[tag] : bounds[tag + 1]] for tag in map(TAGS.index, names)]
        return groups[0] if len(groups) == 1 else np.sort(np.concatenate(groups))

    @cached_property
    def _grouped(self) -> tuple[Positions, Positions]:
        return grouped(self.segments.tags, self.transactions)

    def elements(self, rows: Positions, *numbers: int) -> Elements:
        """Return these elements of each row."""
        return self.segments.elements(rows, numbers)

    def of_all(self, name: str) -> Elements:
        """Return qualifier and value, elements 1 and 2, of all REF, DTM, AMT or QTY that have either."""
        if name not in self._of_all:
            found = self.elements(self.rows(name), 1, 2)
            self._of_all[name] = found.of(found[1].present | found[2].present)
            self.read[self._of_all[name].rows] = True
        return self._of_all[name]

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

    def piece_of(self, rows: Positions) -> Positions:
        """Return the transaction of each row, counted over this part."""
        return self.transactions[rows] - self._first_transaction

    @cached_property
    def levels(self) -> tuple[Positions, Positions]:
        """The claim and the line each segment belongs to, -1 where to none."""
        claims = np.where(self.inside, self.claims, np.int32(-1))
        return claims, np.where(self.on_line, self.services, np.int32(-1))

    @cached_property
    def service_days(self) -> tuple[Positions, NDArray[np.bool_]]:
        """The day of each line, and which have one: the last DTM*472, else the first DTM*150 (start of a period)."""
        dtm = self.of_all("DTM")
        on, states = dtm[2].days
        dated = self.on_line[dtm.rows] & (states == spans.READ)
        starts = np.flatnonzero(dated & dtm[1].equal("150"))[::-1]  # of two for one place the later stays
        which = np.concatenate([starts, np.flatnonzero(dated & dtm[1].equal("472"))])
        size = np.count_nonzero((self.segments.tags == SVC) & self.inside)
        days, known = np.zeros(size, np.int32), np.zeros(size, np.bool_)
        lines = self.service_of[dtm.rows[which]]
        days[lines], known[lines] = on[which], True
        return days, known

    # Values -------------------------------------------------------------------------------------------------------

    def amounts(
        self, found: Elements, number: int, *, missing: str | None = "era.amount_missing"
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Read an element of each row as cents, and tell which could be read.

        An empty one counts 0, under the rule `missing`; one that cannot be read holds its transaction.
        """
        values, states = found[number].cents()
        self._note_elements("era.amount_unreadable", found, number, states == spans.UNREADABLE, shown)
        if missing is not None:
            self._note_elements(missing, found, number, states == spans.MISSING)
        return values, states != spans.UNREADABLE

    def informative_amounts(self, found: Elements, number: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Read amounts that take no part in any balance, and tell which are there and could be read."""
        values, states = found[number].cents()
        self._note_elements("era.value_unreadable", found, number, states == spans.UNREADABLE, shown)
        return values, states == spans.READ

    def days(self, found: Elements, number: int) -> tuple[Positions, NDArray[np.bool_]]:
        """Read an element of each row as days since 1970, and tell which are dates."""
        values, states = found[number].days
        self._note_elements("era.date_unreadable", found, number, states == spans.UNREADABLE, described)
        return values, states == spans.READ

    def quantities(self, found: Elements, number: int) -> tuple[NDArray[np.int64], Bytes]:
        """Read an element of each row as thousandths, and what became of each."""
        values, states = found[number].thousandths()
        self._note_elements("era.quantity_unreadable", found, number, states == spans.UNREADABLE, shown)
        return values, states

    # Remarks ------------------------------------------------------------------------------------------------------

    def note(
        self, rule: str, rows: Positions | NDArray[np.intp], values: Sequence[str | None] = (), where: str = ""
    ) -> None:
        """Add a remark on each of these rows, with a value that is safe to show."""
        if rows.size:
            wheres = [where] * rows.size
            self._note_all(rule, rows, list(values) or [None] * rows.size, wheres)

    def _note_elements(
        self,
        rule: str,
        found: Elements,
        number: int,
        wrong: NDArray[np.bool_],
        say: Callable[[str], str] | None = None,
    ) -> None:
        which = np.flatnonzero(wrong)
        if not which.size:
            return
        rows, numbers = found.rows[which], (found.bases[which] + number).tolist()
        wheres = [f"{self.segments.name(row)}{at:02d}" for row, at in zip(rows.tolist(), numbers, strict=True)]
        values = [say(found[number].one(row)) if say else None for row in which.tolist()]
        self._note_all(rule, rows, values, wheres)

    def _note_all(
        self, rule: str, rows: Positions | NDArray[np.intp], values: list[str | None], wheres: list[str]
    ) -> None:
        self.read[rows] = True
        places = zip(
            self.transactions[rows].tolist(),
            self.part.numbers[rows].tolist(),
            self.segments.byte_offsets(rows).tolist(),
            strict=True,
        )
        for (st_index, number, offset), value, where in zip(places, values, wheres, strict=True):
            place = Place(st_index if st_index >= 0 else None, number, offset)
            self.findings.append(finding(rule, place, value, where))
