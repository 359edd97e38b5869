"""A stretch of a file as columns: its segments, their elements, and where each stands in the file."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ingestion.era835.interchanges import BYTE_ORDER_MARK, JUNK
from ingestion.era835.rows import Source
from ingestion.era835.tokens import tokenised

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ingestion.era835.interchanges import Delimiters
    from ingestion.era835.jit import Bytes, Positions, Tags

_BREAKS = b"\r\n"


class Segments:
    """The segments of one stretch with one set of delimiters, without line breaks (unless they are the terminator).

    `begins` and `ends` say where each segment stands in `content`; `rows` are numbers of segments from 0. Values are
    without blanks around them; an element that is not there is empty. `offset` is where the stretch starts in the file,
    in bytes; `sizes` bounds what there is of each tag, see `tokenised`.
    """

    def __init__(self, raw: bytes, delimiters: Delimiters, offset: int) -> None:
        self.delimiters = delimiters
        self._raw, self._offset = raw, offset
        self.content = _cleaned(raw, delimiters)
        self.data: Bytes = np.frombuffer(self.content, np.uint8)
        element, terminator = ord(delimiters.element), ord(delimiters.terminator)
        tokens = tokenised(self.data, element, terminator, _blanks(delimiters))
        self.tags: Tags
        self.begins: Positions
        self.tags, self.begins, self.ends, self.first, self.starts, self.sizes, self.unterminated = tokens

    def __len__(self) -> int:
        """Return the number of segments, empty ones included."""
        return self.tags.size

    @cached_property
    def filled(self) -> NDArray[np.bool_]:
        """Which segments are not empty."""
        filled: NDArray[np.bool_] = self.ends > self.begins
        return filled

    def head(self, count: int) -> None:
        """Forget the segments after the first `count`."""
        self.tags, self.first = self.tags[:count], self.first[: count + 1]
        self.begins, self.ends = self.begins[:count], self.ends[:count]
        self.unterminated = False

    def bytes_at(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where places in `content` are in the file, in bytes; line breaks that were taken out count."""
        if not self._breaks.size:
            return self._offset + places
        return self._offset + places + np.searchsorted(self._breaks, places, side="right")

    def offset_of(self, row: int) -> int:
        """Where one segment starts in the file, in bytes; after the last one, where the stretch ends."""
        if row >= len(self):
            return self._offset + len(self._raw)
        return int(self.bytes_at(self.begins[row : row + 1].astype(np.int64))[0])

    @cached_property
    def _breaks(self) -> NDArray[np.int64]:
        """Where the line breaks that were taken out stood, as positions in `content`."""
        if len(self._raw) == len(self.content):
            return np.empty(0, np.int64)
        raw = np.frombuffer(self._raw, np.uint8)
        places = np.flatnonzero(np.isin(raw, np.frombuffer(_removed(self.delimiters), np.uint8)))
        return places - np.arange(places.size)

    # Values -------------------------------------------------------------------------------------------------------

    @property
    def source(self) -> Source:
        """The segments as the loops read them."""
        return Source(
            self.data,
            self.tags,
            self.begins,
            self.first,
            self.starts,
            self.ends,
            self.content.isascii(),
            ord(self.delimiters.component),
        )

    def count(self, row: int) -> int:
        """Return how many elements follow the name of a segment."""
        return int(self.first[row + 1] - self.first[row]) - 1

    def text(self, row: int, number: int) -> str | None:
        """Return one element as text; null where it is empty or not there."""
        place = self.first[row] + number
        if number > self.count(row):
            return None
        content = self.content[self.starts[place] : self.starts[place + 1] - 1]
        return content.decode("latin-1").strip(JUNK) or None

    def name(self, row: int) -> str:
        """Return the name of a segment as it stands."""
        return self.content[self.begins[row] : self.starts[self.first[row] + 1] - 1].decode("latin-1")


def _removed(delimiters: Delimiters) -> bytes:
    return _BREAKS.replace(delimiters.terminator.encode("latin-1"), b"")


def _cleaned(raw: bytes, delimiters: Delimiters) -> bytes:
    """Take out line breaks, which joins hard-wrapped lines of every width, and turn NULs into blanks.

    Line breaks say nothing unless they are the terminator.
    """
    removed = _removed(delimiters)
    cleaned = raw.translate(None, removed) if any(mark in raw for mark in removed) else raw
    return cleaned if "\x00" in _marks(delimiters) or 0 not in cleaned else cleaned.replace(b"\x00", b" ")


def _blanks(delimiters: Delimiters) -> NDArray[np.bool_]:
    """Return which byte values are skipped before a segment."""
    blank = np.zeros(256, np.bool_)
    blank[[ord(mark) for mark in JUNK + "\r\n" + BYTE_ORDER_MARK if mark not in _marks(delimiters)]] = True
    return blank


def _marks(delimiters: Delimiters) -> set[str]:
    return {delimiters.element, delimiters.component, delimiters.repetition, delimiters.terminator}
