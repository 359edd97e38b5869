"""A stretch of a file as columns: its segments, their elements, and where each stands in the file."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ingestion.era835 import spans
from ingestion.era835.interchanges import BYTE_ORDER_MARK, JUNK
from ingestion.era835.tokens import LONGEST_TAG, tag_number, tokenised

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ingestion.era835.interchanges import Delimiters
    from ingestion.era835.tokens import Bytes, Positions

_SHOWN_TAG = 2
_BREAKS = b"\r\n"


class Segments:
    """The segments of one stretch with one set of delimiters, without line breaks (unless they are the terminator).

    `begins` and `ends` say where each segment stands in `content`; `rows` are numbers of segments from 0. Values are without blanks around them; an element that is not there is
    empty. `offset` is where the stretch starts in the file, in bytes.
    """

    def __init__(self, raw: bytes, delimiters: Delimiters, offset: int) -> None:
        self.delimiters = delimiters
        self._raw, self._offset = raw, offset
        self.content = _cleaned(raw, delimiters)
        self.data: Bytes = np.frombuffer(self.content, np.uint8)
        element, terminator = ord(delimiters.element), ord(delimiters.terminator)
        most_segments = self.content.count(terminator) + 1
        most_elements = self.content.count(element) + most_segments
        tokens = tokenised(self.data, element, terminator, _blanks(delimiters), most_segments, most_elements)
        self.tags: Positions
        self.tags, self.ends, self.first, self._starts, self.unterminated = tokens
        self.begins: Positions = self._starts[self.first[:-1]]

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

    def byte_offsets(self, rows: NDArray[np.intp] | Positions) -> NDArray[np.int64]:
        """Where segments start in the file, in bytes; line breaks that were taken out count."""
        places = self.begins[rows].astype(np.int64)
        return self._offset + places + np.searchsorted(self._breaks, places, side="right")

    def offset_of(self, row: int) -> int:
        """Where one segment starts in the file, in bytes; after the last one, where the stretch ends."""
        if row >= len(self):
            return self._offset + len(self._raw)
        return int(self.byte_offsets(np.array([row]))[0])

    @cached_property
    def _breaks(self) -> NDArray[np.int64]:
        """Where the line breaks that were taken out stood, as positions in `content`."""
        if len(self._raw) == len(self.content):
            return np.empty(0, np.int64)
        raw = np.frombuffer(self._raw, np.uint8)
        places = np.flatnonzero(np.isin(raw, np.frombuffer(_removed(self.delimiters), np.uint8)))
        return places - np.arange(places.size)

    # Values -------------------------------------------------------------------------------------------------------

    def rows(self, *names: str) -> Positions:
        """Return the segments of these names, in their order."""
        if len(names) == 1:
            return np.flatnonzero(self.tags == tag_number(names[0])).astype(np.int32)
        return np.flatnonzero(np.isin(self.tags, [tag_number(name) for name in names])).astype(np.int32)

    def element(self, rows: Positions, number: int | Positions) -> Spans:
        """Return element `number` of each row: one number for all, or one a row."""
        numbers = np.full(rows.size, number, np.int32) if isinstance(number, int) else number
        return Spans(self.data, *spans.of_elements(self.data, self.first, self._starts, rows, numbers))

    def counts(self, rows: Positions) -> Positions:
        """Return how many elements follow the name of each segment."""
        return self.first[rows + 1] - self.first[rows] - 2

    def text(self, row: int, number: int) -> str | None:
        """Return one element as text; null where it is empty or not there."""
        place = self.first[row] + number
        if place + 1 >= self.first[row + 1]:
            return None
        content = self.content[self._starts[place] : self._starts[place + 1] - 1]
        return content.decode("latin-1").strip(JUNK) or None

    def name(self, row: int) -> str:
        """Return the name of a segment as it stands."""
        return self.content[self.begins[row] : self._starts[self.first[row] + 1] - 1].decode("latin-1")


class Spans:
    """Stretches of bytes, one a row, that become a column."""

    def __init__(self, data: Bytes, begins: Positions, ends: Positions) -> None:
        self._data, self._begins, self._ends = data, begins, ends

    def __getitem__(self, rows: NDArray[np.intp] | NDArray[np.bool_] | Positions) -> Spans:
        """Return the spans of these rows only."""
        return Spans(self._data, self._begins[rows], self._ends[rows])

    @property
    def present(self) -> NDArray[np.bool_]:
        """Which are not empty."""
        present: NDArray[np.bool_] = self._ends > self._begins
        return present

    def part(self, number: int, marks: Bytes, *, rest: bool = False) -> Spans:
        """Return part `number` of composites whose parts `marks` separate; with `rest` that and all after it."""
        return Spans(self._data, *spans.of_parts(self._data, self._begins, self._ends, marks, number, rest))

    def component_marks(self, owners: Positions, mark: str, first_mark: str) -> tuple[Bytes, NDArray[np.bool_]]:
        """Return what separates the parts of each composite, see `spans.component_marks`."""
        return spans.component_marks(self._data, self._begins, self._ends, owners, ord(mark), ord(first_mark))

    def scattered(self, size: int, places: NDArray[np.intp] | Positions) -> Spans:
        """Return `size` spans with these at `places` (the last one where several have the same), the others empty."""
        begins, ends = np.zeros(size, np.int32), np.zeros(size, np.int32)
        begins[places], ends[places] = self._begins, self._ends
        return Spans(self._data, begins, ends)

    def cents(self) -> tuple[NDArray[np.int64], Bytes]:
        """Read amounts as integer cents, and what became of each (spans.MISSING, READ, UNREADABLE)."""
        return spans.cents(self._data, self._begins, self._ends)

    def days(self) -> tuple[Positions, Bytes]:
        """Read dates as days since 1970, and what became of each."""
        return spans.days(self._data, self._begins, self._ends)

    def thousandths(self) -> tuple[NDArray[np.int64], Bytes]:
        """Read quantities as thousandths, and what became of each."""
        return spans.thousandths(self._data, self._begins, self._ends)

    def hashes(self) -> NDArray[np.int64]:
        """Return a hash of each span; of an empty one 0."""
        return spans.hashed(self._data, self._begins, self._ends)

    def equal(self, text: str) -> NDArray[np.bool_]:
        """Which are exactly this text."""
        wanted = text.encode("latin-1")
        found: NDArray[np.bool_] = self._ends - self._begins == len(wanted)
        for place, byte in enumerate(wanted):
            rows = np.flatnonzero(found)
            found[rows] = self._data[self._begins[rows] + place] == byte
        return found

    def among(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Which are one of these texts."""
        return np.logical_or.reduce([self.equal(text) for text in texts])

    def texts(self, *more: Spans) -> pa.StringArray:
        """Return the spans as text, Latin-1 read as such; empty ones are null. With more, joined by `|`."""
        every = (self, *more)
        begins, ends = (
            np.stack(places, axis=1) for places in zip(*((one._begins, one._ends) for one in every), strict=True)
        )
        offsets, data = spans.joined(self._data, begins, ends)
        valid = offsets[1:] > offsets[:-1]
        return pa.StringArray.from_buffers(len(valid), pa.py_buffer(offsets), pa.py_buffer(data), bitmap(valid))

    def one(self, row: int) -> str:
        """Return one span as Latin-1 text."""
        return bytes(self._data[self._begins[row] : self._ends[row]]).decode("latin-1")


def bitmap(valid: NDArray[np.bool_]) -> pa.Buffer | None:
    """Return Arrow's bitmap of the rows that are not null; none where no row is."""
    return None if valid.all() else pa.py_buffer(np.packbits(valid, bitorder="little"))


def tag_text(number: int) -> str:
    """Return the name a number of `tokens.tag_number` stands for."""
    return number.to_bytes(LONGEST_TAG).lstrip(b"\x00").decode("latin-1")


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
