"""The identity of a remittance: one hash of its body, whatever envelope, delimiters and line breaks it came in."""

from __future__ import annotations

from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from hashlib import _Hash

    from ingestion.era835.envelope import Piece
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

    def add(self, bodies: Bodies, piece: Piece, *, joined: bool) -> None:
        """Add what one part holds of it; `joined`: nothing that is left out stands between its segments."""
        for stretch in bodies.of(piece, joined=joined):
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

    def of(self, piece: Piece, *, joined: bool) -> list[memoryview | bytes]:
        """Return what is hashed of a piece: one stretch where nothing stands between its segments."""
        first, last = piece.start + (piece.before == 0), piece.end - 1
        if last < first:
            return []
        end = int(self._ends[last]) + 1
        if joined and end <= len(self._content):
            return [self._content[int(self._begins[first]) : end]]
        rows = np.arange(first, last + 1)[self._segments.filled[first : last + 1]].tolist()
        return [bytes(self._content[self._begins[row] : self._ends[row]]) + b"~" for row in rows]

    @cached_property
    def _content(self) -> memoryview:
        marks = self._segments.delimiters
        used = {marks.element: "*", marks.component: ":", marks.repetition: "^", marks.terminator: "~"}
        changed = {ord(mark): ord(standard) for mark, standard in used.items() if mark and mark != standard}
        if not changed:
            return memoryview(self._segments.content)
        return memoryview(self._segments.content.translate(bytes(changed.get(byte, byte) for byte in range(256))))
