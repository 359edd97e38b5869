"""The identity of a remittance: one hash of its body, whatever envelope, delimiters and line breaks it came in."""

from __future__ import annotations

from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

from ingestion.era835.jit import compiled

if TYPE_CHECKING:
    from hashlib import _Hash

    from ingestion.era835.jit import Positions
    from ingestion.era835.segments import Segments

_CUT_OFF = b"\x00cut off"


class Body:
    """Hashes a transaction without its envelope, piece after piece; the hash is the same for every resend of it.

    Hashed are the segments between ST and SE, each followed by `~`, with `*` between elements, `:` between components
    and `^` between repetitions, whatever the file used; without line breaks, without empty segments and without blanks
    before a segment. A transaction that was cut off has no such body: a mark is added, so that the whole one, when it
    comes, is not taken for its duplicate.
    """

    def __init__(self) -> None:
        self._hash: _Hash = sha256()

    def add(self, bodies: Bodies, rows: range) -> None:
        """Add what one part holds of it, without its ST and SE."""
        for stretch in bodies.of(rows):
            self._hash.update(stretch)

    def sha256(self, *, complete: bool) -> str:
        """Return the hash (hex)."""
        if not complete:
            self._hash.update(_CUT_OFF)
        return self._hash.hexdigest()


class Bodies:
    """The bytes of one part of a file in standard delimiters, as they are hashed."""

    def __init__(self, segments: Segments) -> None:
        self._segments = segments
        self._begins, self._ends = segments.begins, segments.ends

    def of(self, rows: range) -> list[memoryview | bytes]:
        """Return what is hashed of these segments: one stretch where nothing stands between them."""
        if not rows:
            return []
        end = int(self._ends[rows[-1]]) + 1
        if end <= len(self._content) and _joined(self._begins, self._ends, rows[0], rows[-1]):
            return [self._content[int(self._begins[rows[0]]) : end]]
        filled = (row for row in rows if self._segments.filled[row])
        return [bytes(self._content[self._begins[row] : self._ends[row]]) + b"~" for row in filled]

    @cached_property
    def _content(self) -> memoryview:
        marks = self._segments.delimiters
        used = {marks.element: "*", marks.component: ":", marks.repetition: "^", marks.terminator: "~"}
        changed = {ord(mark): ord(standard) for mark, standard in used.items() if mark and mark != standard}
        if not changed:
            return memoryview(self._segments.content)
        return memoryview(self._segments.content.translate(bytes(changed.get(byte, byte) for byte in range(256))))


@compiled
def _joined(begins: Positions, ends: Positions, first: int, last: int) -> bool:
    """Tell whether each of these segments is filled and begins right after the terminator of the one before."""
    joined = bool(ends[first] > begins[first])
    for segment in range(first + 1, last + 1):
        joined &= begins[segment] == ends[segment - 1] + 1
        joined &= ends[segment] > begins[segment]
    return joined
