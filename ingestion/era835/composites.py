"""Composite elements (SVC01, SVC06, PLB03 and its like) and the character that separates their parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ingestion.era835.tokens import SVC

if TYPE_CHECKING:
    from ingestion.era835.placed import Placed
    from ingestion.era835.segments import Spans
    from ingestion.era835.tokens import Bytes, Positions


class Composite:
    """Elements of several parts, one a row."""

    def __init__(self, elements: Spans, marks: Bytes) -> None:
        self.elements, self.marks = elements, marks

    def parts(self, count: int) -> list[Spans]:
        """Return the first parts of each."""
        return self.elements.parts(count, self.marks)

    def rest(self) -> Spans:
        """Return all but the first part of each."""
        return self.elements.after_first_part(self.marks)


class Composites:
    """The composites of one part of a file. `mark` is what separates them in the transaction that began earlier.

    Some senders name another character in ISA16 than they use. Where a composite shows that, it is believed, to the
    end of its transaction, and told.
    """

    def __init__(self, placed: Placed, mark: str | None) -> None:
        component = placed.segments.delimiters.component
        rows = placed.rows("SVC", "PLB")
        rows = rows[(placed.segments.tags[rows] != SVC) | placed.inside[rows]]
        is_line = placed.segments.tags[rows] == SVC
        pairs = np.maximum(placed.segments.counts(rows) - 1, 0) // 2
        self.rows = np.repeat(rows, np.where(is_line, 2, pairs))
        firsts = np.repeat(np.searchsorted(self.rows, rows), np.where(is_line, 2, pairs))
        ordinal = np.arange(self.rows.size) - firsts
        self._is_line = placed.segments.tags[self.rows] == SVC
        self.numbers = np.where(self._is_line, 1 + 5 * ordinal, 3 + 2 * ordinal).astype(np.int32)
        self._elements = placed.segments.elements(self.rows, (0,), self.numbers)[0]
        self._owners = owners = placed.transactions[self.rows]
        continued = bool(owners.size) and bool(placed.part.pieces) and placed.part.pieces[0].before > 0
        first_mark = mark if mark and continued and owners[0] == placed.transactions[0] else component
        self._marks, switched = self._elements.component_marks(owners, component, first_mark)
        placed.note("era.component_mark", self.rows[switched])

    def last_mark(self, st_index: int) -> str | None:
        """Return what separates the parts of the last composite of this transaction; null where it is not the last."""
        return chr(self._marks[-1]) if self._marks.size and self._owners[-1] == st_index else None

    def of_services(self, number: int) -> Composite:
        """Return element 1 or 6 of every SVC."""
        return self._of(self._is_line & (self.numbers == number))

    def of_provider_adjustments(self) -> tuple[Positions, Positions, Composite]:
        """Return every PLB03, 05, … 13: its segment, its number, and itself."""
        which = ~self._is_line
        return self.rows[which], self.numbers[which], self._of(which)

    def _of(self, which: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Composite:
        return Composite(self._elements[which], self._marks[which])
