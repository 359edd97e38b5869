"""A stretch of a file as columns: its segments, their elements, and where each stands in the file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ingestion.era835 import spans
from ingestion.era835.interchanges import BYTE_ORDER_MARK, JUNK
from ingestion.era835.tokens import packed, tokenised

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ingestion.era835.interchanges import Delimiters
    from ingestion.era835.tokens import Bytes, Positions, Tags

_BREAKS = b"\r\n"


class Segments:
    """The segments of one stretch with one set of delimiters, without line breaks (unless they are the terminator).

    `begins` and `ends` say where each segment stands in `content`; `rows` are numbers of segments from 0. Values are
    without blanks around them; an element that is not there is empty. `offset` is where the stretch starts in the file,
    in bytes.
    """

    def __init__(self, raw: bytes, delimiters: Delimiters, offset: int) -> None:
        self.delimiters = delimiters
        self._raw, self._offset = raw, offset
        self.content = _cleaned(raw, delimiters)
        self.data: Bytes = np.frombuffer(self.content, np.uint8)
        self._source = _Source(self.data, self.content.isascii())
        element, terminator = ord(delimiters.element), ord(delimiters.terminator)
        most_segments = int(np.count_nonzero(self.data == terminator)) + 1
        most_elements = int(np.count_nonzero(self.data == element)) + most_segments
        tokens = tokenised(self.data, element, terminator, _blanks(delimiters), most_segments, most_elements)
        self.tags: Tags
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
        if not self._breaks.size:
            return self._offset + places
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

    def elements(self, rows: Positions, numbers: Sequence[int], bases: Positions | None = None) -> Elements:
        """Return these elements of each row, counted from `bases` where that is given: one base a row."""
        starts = np.zeros(rows.size, np.int32) if bases is None else bases
        begins, ends = spans.of_elements(self.data, self.first, self._starts, rows, starts, np.array(numbers, np.int32))
        columns = {number: Spans(self._source, begins[at], ends[at]) for at, number in enumerate(numbers)}
        return Elements(rows, starts, columns)

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


@dataclass(frozen=True)
class _Source:
    """Bytes that spans point into, and whether none of them is above 127."""

    data: Bytes
    is_ascii: bool


@dataclass(frozen=True)
class Elements:
    """Elements of segments: `columns` by their numbers, each counted from `bases` of the row."""

    rows: Positions
    bases: Positions
    columns: dict[int, Spans]

    def __getitem__(self, number: int) -> Spans:
        """Return one element of every row."""
        return self.columns[number]

    def of(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> Elements:
        """Return the elements of some of the rows."""
        columns = {number: column[which] for number, column in self.columns.items()}
        return Elements(self.rows[which], self.bases[which], columns)


class Spans:
    """Stretches of bytes, one a row, that become a column."""

    def __init__(self, source: _Source, begins: Positions, ends: Positions) -> None:
        self._source, self.begins, self.ends = source, begins, ends

    def __getitem__(self, rows: NDArray[np.intp] | NDArray[np.bool_] | Positions) -> Spans:
        """Return the spans of these rows only."""
        return Spans(self._source, self.begins[rows], self.ends[rows])

    @cached_property
    def present(self) -> NDArray[np.bool_]:
        """Which are not empty."""
        present: NDArray[np.bool_] = self.ends > self.begins
        return present

    @cached_property
    def _packed(self) -> Positions:
        return spans.packed(self._source.data, self.begins, self.ends)

    def equal(self, text: str) -> NDArray[np.bool_]:
        """Which are exactly this text, of at most three characters."""
        equal: NDArray[np.bool_] = self._packed == packed(text)
        return equal

    def short(self, longest: int) -> Spans:
        """Return the spans, those longer than a code of this kind can be as empty: such a one may be a name."""
        return Spans(self._source, self.begins, np.where(self.ends - self.begins > longest, self.begins, self.ends))

    def among(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Which are one of these texts, of at most three characters each."""
        return np.isin(self._packed, [packed(text) for text in texts])

    def parts(self, count: int, marks: Bytes) -> list[Spans]:
        """Return the first parts of composites whose parts `marks` separate."""
        begins, ends = spans.of_parts(self._source.data, self.begins, self.ends, marks, count)
        return [Spans(self._source, begins[part], ends[part]) for part in range(count)]

    def after_first_part(self, marks: Bytes) -> Spans:
        """Return all parts of composites but the first."""
        return Spans(self._source, *spans.after_first_part(self._source.data, self.begins, self.ends, marks))

    def component_marks(self, owners: Positions, mark: str, first_mark: str) -> tuple[Bytes, NDArray[np.bool_]]:
        """Return what separates the parts of each composite, see `spans.component_marks`."""
        return spans.component_marks(self._source.data, self.begins, self.ends, owners, ord(mark), ord(first_mark))

    def scattered(self, size: int, places: NDArray[np.intp] | Positions) -> Spans:
        """Return `size` spans with these at `places` (the last one where several have the same), the others empty."""
        begins, ends = np.zeros(size, np.int32), np.zeros(size, np.int32)
        begins[places], ends[places] = self.begins, self.ends
        return Spans(self._source, begins, ends)

    # Values -------------------------------------------------------------------------------------------------------

    def cents(self) -> tuple[NDArray[np.int64], Bytes]:
        """Read amounts (X12 data element 782) as cents, and what became of each (spans.MISSING, READ, UNREADABLE)."""
        return spans.scaled(self._source.data, self.begins, self.ends, 2, 18)

    @cached_property
    def days(self) -> tuple[Positions, Bytes]:
        """Dates as days since 1970, and what became of each."""
        return spans.days(self._source.data, self.begins, self.ends)

    def thousandths(self) -> tuple[NDArray[np.int64], Bytes]:
        """Read quantities as thousandths, and what became of each."""
        return spans.scaled(self._source.data, self.begins, self.ends, 3, 15)

    def hashes(self) -> NDArray[np.int64]:
        """Return a hash of each span; of an empty one 0."""
        return spans.hashed(self._source.data, self.begins, self.ends)

    def texts(self) -> pa.StringArray:
        """Return the spans as text, Latin-1 read as such; empty ones are null."""
        if not self._source.is_ascii:
            return self.joined([])
        return _texts(*spans.gathered(self._source.data, self.begins, self.ends))

    def joined(self, more: Sequence[Spans]) -> pa.StringArray:
        """Return texts, those of a row with `|` between them; where all are empty, null."""
        every = (self, *more)
        begins, ends = (np.stack([getattr(one, side) for one in every], axis=1) for side in ("begins", "ends"))
        return _texts(*spans.joined(self._source.data, begins, ends))

    def one(self, row: int) -> str:
        """Return one span as Latin-1 text."""
        return bytes(self._source.data[self.begins[row] : self.ends[row]]).decode("latin-1")


def _texts(offsets: Positions, data: Bytes) -> pa.StringArray:
    valid = offsets[1:] > offsets[:-1]
    return pa.StringArray.from_buffers(len(valid), pa.py_buffer(offsets.data), pa.py_buffer(data.data), bitmap(valid))


def bitmap(valid: NDArray[np.bool_]) -> pa.Buffer | None:
    """Return Arrow's bitmap of the rows that are not null; none where no row is."""
    return None if valid.all() else pa.py_buffer(np.packbits(valid, bitorder="little").data)


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
