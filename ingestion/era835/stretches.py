"""Blocks of a file of any size to stretches that can be read on their own: one set of delimiters, whole claims."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingestion.era835.findings import Finding, Place, finding
from ingestion.era835.interchanges import Opening, fragment, headers, looks_like_isa, may_open, trimmed
from ingestion.era835.segments import Segments
from ingestion.era835.tokens import CLP, last_among, tags_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

_HEAD = 4096
"""How much of a file is looked at to see what it is, in bytes."""

_UNSURE = 512
"""How many bytes at the end of a block are not read yet: an ISA of at most 400 that begins there may not be whole."""

_LONG = 1 << 22
_LONGEST = 1 << 26
"""How many bytes may stand without the end of a claim, or of a header."""

# Where a stretch may end: before these, everything about a claim has been said.
_BOUNDARIES = tags_named("CLP", "PLB", "ST", "SE", "GS", "GE", "IEA", "ISA")


@dataclass(frozen=True)
class Stretch:
    """Segments with one set of delimiters; `begins` and `ends` say whether they are the first and the last of them."""

    segments: Segments
    has_isa: bool
    begins: bool
    ends: bool


class Stretches:
    """Cuts blocks of bytes into stretches and holds back only what is not whole yet.

    Memory is bounded by a block and the longest claim, whatever the size of the file. Prose before the first ISA means
    that the file is a description of a remittance and not one: nothing of it is read. What cannot be read at all goes
    to `findings`; `refused` tells that it is the whole file.
    """

    def __init__(self, findings: list[Finding]) -> None:
        self.refused = False
        self._findings = findings
        self._pending, self._offset = b"", 0
        self._started = False
        self._opening: Opening | None = None
        self._begins = True
        self._worth_a_look = 0

    def of(self, blocks: Iterable[bytes]) -> Iterator[Stretch]:
        """Yield the stretches of a file, in order, as its blocks come in."""
        for block in blocks:  # the last one is cut once only, with what the one before it left
            if self._started or self._shows_its_head():
                yield from self._cut_if_worth_it()
            if self.refused:
                return
            if len(self._pending) > _LONGEST:
                self._findings.append(finding("era.endless_claim", Place(None, None, self._offset)))
                self._drop(len(self._pending))
                break
            self._pending = self._pending + block if self._pending else block
        yield from self._cut(last=True)

    def _shows_its_head(self) -> bool:
        return len(self._pending) - trimmed(self._pending.decode("latin-1")) >= _HEAD

    def _cut_if_worth_it(self) -> Iterator[Stretch]:
        # What has no end of a claim in it is looked at again when there is twice as much, not with every block.
        size = len(self._pending)
        if size >= self._worth_a_look:
            yield from self._cut(last=False)
            self._worth_a_look = 2 * size if len(self._pending) == size else 0

    def _cut(self, *, last: bool) -> Iterator[Stretch]:
        """Yield what is whole of the bytes that are pending, and keep the rest."""
        goes_on = self._started and not may_open(self._pending)
        text = "" if goes_on else self._pending.decode("latin-1")
        openings = headers(text)
        if not self._started:
            openings = self._start(text, openings)
            self._started = True
        openings = list(self._other_delimiters(text, openings))
        size = len(self._pending)
        first = openings[0].start if openings else size
        if self._opening is not None and (first or not self._begins):
            yield from self._stretch(0, first, whole=bool(openings) or last)
        ends = [*(opening.start for opening in openings[1:]), size]
        for opening, end in zip(openings, ends, strict=False):
            self._opening, self._begins = opening, True
            yield from self._stretch(opening.start, end, whole=end < size or last)
        if self._opening is None:
            self._drop(size if last else max(size - _UNSURE, 0))

    def _other_delimiters(self, text: str, openings: list[Opening]) -> Iterator[Opening]:
        """Leave out interchanges that go on as the one before them: a part has its price, and files hold hundreds."""
        before = self._opening if not self._begins else None
        for opening in openings:
            if before is None or not before.goes_on_with(
                opening, text[max(opening.start - _UNSURE, 0) : opening.start]
            ):
                yield opening
            before = opening

    def _start(self, text: str, openings: list[Opening]) -> list[Opening]:
        """See what the file begins with: an interchange, a piece of one, or something that is no 835 at all."""
        lead = trimmed(text)
        first = openings[0].start if openings else len(text)
        delimiters = fragment(text[lead : min(first, lead + _HEAD)]) if first > lead else None
        if delimiters is not None:
            return [Opening(lead, delimiters, has_isa=False), *openings]
        if first == lead < len(text):
            return openings
        if lead < len(text) and looks_like_isa(text, lead):
            self._findings.append(finding("era.isa_unreadable", Place(None, None, lead)))
            return openings
        rule, at = ("era.not_edi", lead) if lead < len(text) else ("era.empty", 0)
        self._findings.append(finding(rule, Place(None, None, at)))
        self.refused = True
        return []

    def _stretch(self, start: int, end: int, *, whole: bool) -> Iterator[Stretch]:
        """Read `[start, end)` with the delimiters that hold there; unless `whole`, up to the last claim that is."""
        opening = self._opening
        if opening is None:
            return
        segments = Segments(self._pending[start:end], opening.delimiters, self._offset + start)
        kept = end
        if not whole:
            rows = self._sure(segments)
            kept = segments.offset_of(rows) - self._offset if rows else start
            segments.head(rows)
        if whole or kept > start:
            yield Stretch(segments, opening.has_isa, begins=self._begins, ends=whole)
            self._begins = False
        if end == len(self._pending):
            self._drop(kept)

    def _sure(self, segments: Segments) -> int:
        """Return how many segments are whole, and end with a claim that is."""
        most = self._offset + len(self._pending) - _UNSURE
        boundaries = _BOUNDARIES if len(self._pending) < _LONG else self._boundaries(segments)
        row = last_among(segments.tags, boundaries, len(segments))
        while row > 0 and segments.offset_of(row) > most:
            row = last_among(segments.tags, boundaries, row)
        return row

    def _boundaries(self, segments: Segments) -> NDArray[np.bool_]:
        """Return before which tags a long stretch may end: any, where it has no claim that could be cut."""
        found = segments.tags[_BOUNDARIES[segments.tags]]
        return _BOUNDARIES if found.size > 1 or CLP in found else np.ones_like(_BOUNDARIES)

    def _drop(self, count: int) -> None:
        self._pending, self._offset = self._pending[count:], self._offset + count
