"""Envelopes: which segments are one 835 transaction, and whether the counts and control numbers around them agree."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np

from ingestion.era835.body import Body
from ingestion.era835.findings import Finding, Place, finding
from ingestion.era835.tokens import ENVELOPE, TAGS
from ledger.rules.showing import described

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ingestion.era835.segments import Segments

_OTHER = -2
"""What stands for the number of a transaction that is no 835."""

_SE = TAGS.index("SE")


@dataclass
class Transaction:
    """An ST*835 that is open, or was: `segments` counts those that are not empty, `rows` all of them, so far."""

    st_index: int
    isa_control: str | None
    gs_control: str | None
    st_control: str | None
    is_835: bool = True
    rows: int = 0
    segments: int = 0
    body: Body = field(default_factory=Body)


@dataclass
class Piece:
    """What one part holds of a transaction: rows `[start, end)` with its ST, without its SE.

    `before` is how many of its segments stand in earlier parts. `complete`: it ended with an SE of its own.
    """

    transaction: Transaction
    start: int
    end: int
    before: int
    ended: bool = False
    complete: bool = False

    @property
    def inside(self) -> range:
        """Its rows without its ST."""
        return range(self.start + (self.before == 0), self.end)

    def number(self, row: int) -> int:
        """Return the number of a segment in its transaction, from 0."""
        return self.before + row - self.start


@dataclass
class Part:
    """One part of a file with its envelopes read; `before` is how many segments stand in earlier parts."""

    segments: Segments
    pieces: list[Piece]
    before: int

    def place(self, piece: Piece, row: int) -> Place:
        """Say where a segment of a piece stands, or the one after it (or the end of the part)."""
        return Place(piece.transaction.st_index, piece.number(row), self.segments.offset_of(row))

    def piece_of(self, row: int) -> Piece:
        """Return the piece in which a segment stands."""
        return self.pieces[bisect_right(self.pieces, row, key=attrgetter("start")) - 1]


class Envelopes:
    """Walks over the envelopes of a file, part after part; remarks go to `findings`. `count` is of 835 transactions.

    Wrong counts and control numbers are told and nothing more: clearinghouses rewrap. A transaction without its own SE
    is not complete, whatever follows.
    """

    def __init__(self, findings: list[Finding]) -> None:
        self._findings = findings
        self.count = self._rows_before = 0
        self._open: Transaction | None = None
        self._isa_control: str | None = None
        self._gs_control: str | None = None
        self._groups = self._grouped = 0
        self._in_interchange = self._in_group = self._stray = False

    def read(self, segments: Segments, *, begins_without_isa: bool, ends: bool) -> Part:
        """Read the envelopes of one part; `ends`: nothing with these delimiters follows it."""
        self._segments, self._pieces = segments, list[Piece]()
        self._spans: list[tuple[int, int]] = []
        if begins_without_isa:
            self._note("era.no_isa", 0)
        if self._open is not None:
            self._continue()
        enveloping = segments.tags.view(np.uint8) < len(ENVELOPE)  # the tags that come first; UNKNOWN is 255
        for row in np.flatnonzero(enveloping).tolist():
            self._take(row, TAGS[segments.tags[row]])
        self._leave(len(segments))
        if ends:
            self._end(len(segments))
        part = Part(segments, self._pieces, self._rows_before)
        self._tell_strays(enveloping)
        self._rows_before += len(segments)
        return part

    def _take(self, row: int, name: str) -> None:
        if self._open is not None:
            if name == "TA1" or not self._segments.count(row):
                return
            self._close(row, name)
            if name == "SE":
                return
        if name == "ST":
            self._begin(row)
        elif name == "ISA":
            self._end_interchange(row)
            self._isa_control, self._in_interchange = self._segments.text(row, 13), True
        elif name == "GS":
            self._close_group(row)
            self._gs_control, self._in_group, self._grouped = self._segments.text(row, 6), True, 0
            self._groups += 1
        elif name == "GE":
            self._agree("era.ge", row, self._grouped, self._gs_control)
            self._in_group, self._gs_control = False, None
        elif name == "IEA":
            self._close_group(row)
            self._agree("era.iea", row, self._groups, self._isa_control)
            self._in_interchange, self._isa_control, self._groups = False, None, 0

    # A transaction ------------------------------------------------------------------------------------------------

    def _begin(self, row: int) -> None:
        self._grouped += 1
        kind, control = self._segments.text(row, 1), self._segments.text(row, 2)
        is_835 = kind == "835"
        if not is_835:
            self._note("era.other_transaction", row, kind if kind and kind.isdecimal() else described(kind or ""))
        st_index = self.count if is_835 else _OTHER
        self._open = Transaction(st_index, self._isa_control, self._gs_control, control, is_835)
        self.count += is_835
        self._start = row
        if is_835:
            self._pieces.append(Piece(self._open, row, row, 0))

    def _continue(self) -> None:
        self._start = 0
        if self._open is not None and self._open.is_835:
            self._pieces.append(Piece(self._open, 0, 0, self._open.rows))

    def _leave(self, row: int, after: int | None = None) -> None:
        """Count what the open transaction has before `row` (and up to `after` with its SE)."""
        if self._open is None:
            return
        end = row if after is None else after
        self._open.rows += end - self._start
        self._open.segments += int(np.count_nonzero(self._segments.filled[self._start : end]))
        self._spans.append((self._start, end))
        if self._open.is_835:
            self._pieces[-1].end = row

    def _close(self, row: int, name: str) -> None:
        """End the open transaction with the segment in `row`, its SE or what stands where that should."""
        transaction, own = self._open, name == "SE"
        self._leave(row, row + 1 if own else row)
        self._open = None
        if transaction is None or not transaction.is_835:
            return
        piece = self._pieces[-1]
        piece.ended = True
        said = (_number(self._segments.text(row, 1)), self._segments.text(row, 2))
        counted = (transaction.segments, transaction.st_control)
        cut_here = self._segments.unterminated and row + 1 == len(self._segments)
        piece.complete = own and (not cut_here or said == counted)  # else only the last terminator is not there
        if piece.complete:
            place = Place(piece.transaction.st_index, piece.number(row), self._segments.offset_of(row))
            self._agree("era.se", row, transaction.segments, transaction.st_control, place)

    def _end(self, row: int) -> None:
        """End everything that is open: nothing follows."""
        if self._open is not None and self._open.is_835:
            self._pieces[-1].ended = True
        self._open = None
        self._end_interchange(row)

    def _end_interchange(self, row: int) -> None:
        self._close_group(row)
        if self._in_interchange:
            self._note("era.iea_missing", row)
        self._in_interchange, self._isa_control, self._groups, self._grouped = False, None, 0, 0

    # Remarks ------------------------------------------------------------------------------------------------------

    def _close_group(self, row: int) -> None:
        if self._in_group:
            self._note("era.ge_missing", row)
        self._in_group, self._gs_control = False, None

    def _agree(self, rule: str, row: int, counted: int, control: str | None, place: Place | None = None) -> None:
        """Compare a trailer's count and control number with what was counted and opened."""
        said = self._segments.text(row, 1)
        if _number(said) != counted:
            shown = said if said and said.isdecimal() else described(said or "")
            self._note(f"{rule}_count", row, f"{shown}, counted {counted}", place)
        if self._segments.text(row, 2) != control:
            self._note(f"{rule}_control", row, None, place)

    def _note(self, rule: str, row: int, value: str | None = None, place: Place | None = None) -> None:
        self._findings.append(
            finding(rule, place or Place(None, self._rows_before + row, self._segments.offset_of(row)), value)
        )

    def _tell_strays(self, enveloping: NDArray[np.bool_]) -> None:
        """Tell the first segment of every run that stands outside all transactions and belongs to no envelope."""
        tags = self._segments.tags
        loose_ones = self._segments.filled & (~enveloping | (tags == _SE))
        for start, end in self._spans:
            loose_ones[start:end] = False
        loose = np.flatnonzero(loose_ones)
        opening = enveloping & (tags != _SE)
        if not loose.size:  # as mostly
            self._stray &= not opening.any()
            return
        opened = np.cumsum(opening)
        runs, firsts = np.unique(opened[loose], return_index=True)
        if self._stray and runs.size and runs[0] == 0:
            firsts = firsts[1:]
        strays = loose[firsts]
        for row in strays.tolist():
            self._note("era.segment_outside", row, described(self._segments.name(row)))
        last = int(opened[-1]) if opened.size else 0
        self._stray = bool(runs.size and runs[-1] == last) or (self._stray and last == 0)


def _number(said: str | None) -> int | None:
    """Return a trailer's count; null where it is no number."""
    return int(said) if said and said.isascii() and said.isdecimal() and len(said) <= 10 else None  # noqa: PLR2004 - N0 1/10
