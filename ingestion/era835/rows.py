"""Rows of the tables, written by the loops where Arrow will find them."""

from __future__ import annotations

from collections import namedtuple
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ingestion.era835.columns import TABLES
from ingestion.era835.jit import compiled, pointer, within
from ingestion.era835.spans import WORD, packed, trimmed
from ingestion.era835.tokens import TAGS
from ingestion.era835.words import last_bytes, put_word, word_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ingestion.era835.jit import Bytes, Positions, Tags

WRITTEN = {
    name: {column: kind for column, kind in kinds.items() if column != "file_sha256"}
    for name, kinds in TABLES.items()
    if name != "transactions"
}
"""The tables whose rows the loops write, and what they write of each: names of columns to kinds of values."""

COLUMNS = [(table, column) for table, kinds in WRITTEN.items() for column in kinds]
"""Every column of them: the loops know it by its place here."""


def _places(name: str, places: dict[str, int]) -> Any:
    values: Any = places.values()
    return namedtuple(name, places)(*values)  # noqa: PYI024 - its fields are made of other names


COUNT = _places("COUNT", {name: place for place, name in enumerate((*WRITTEN, "notes", "heads"))})
"""Places of counts: how many rows were written of each table, how many remarks, how many segments were kept."""

_HIGH, _LOWEST_OF_TWO, _CONTINUED = 0x80, 0xC0, 0x3F
_NAMES = np.frombuffer("".join(tag.ljust(3) for tag in TAGS).encode(), np.uint8).copy()
_NAME_LENGTHS = np.array([len(tag) for tag in TAGS])


def columns_of(table: str) -> Any:
    """Return the places in COLUMNS of the columns of a table, by their names."""
    return _places(table, {column: COLUMNS.index((table, column)) for column in WRITTEN[table]})


class Source(NamedTuple):
    """The segments to read, see `segments.Segments`; `component` separates the parts of composites."""

    data: Bytes
    tags: Tags
    begins: Positions
    first: Positions
    starts: Positions
    ends: Positions
    is_ascii: bool
    component: int


class Rows(NamedTuple):
    """Where rows go. What is said by column is said in the order of COLUMNS.

    Amounts and other 64-bit numbers stand in `longs`, quantities as two of them; indexes, dates and the ends of texts
    (counted from the column's first) in `ints`; flags in `bits`, and of every column a bit a row that says whether it
    is not null (all set at first); the bytes of texts in `texts`. `at`, `valid` and `text` tell by column where its
    values, its bits and its bytes begin; `used` and `limit` where its next text goes, and where its texts must end.
    """

    longs: NDArray[np.int64]
    ints: Positions
    bits: Bytes
    texts: Bytes
    at: NDArray[np.int64]
    valid: NDArray[np.int64]
    text: NDArray[np.int64]
    used: NDArray[np.int64]
    limit: NDArray[np.int64]
    nulls: NDArray[np.int64]
    counts: NDArray[np.int64]
    notes: NDArray[np.int64]
    heads: NDArray[np.int64]


@within
def source_memory(source: Source) -> Source:
    """Return the same with bare memory in the place of arrays."""
    return Source(
        pointer(source.data),
        pointer(source.tags),
        pointer(source.begins),
        pointer(source.first),
        pointer(source.starts),
        pointer(source.ends),
        source.is_ascii,
        source.component,
    )


@within
def rows_memory(rows: Rows) -> Rows:
    """Return the same with bare memory in the place of arrays."""
    return Rows(
        pointer(rows.longs),
        pointer(rows.ints),
        pointer(rows.bits),
        pointer(rows.texts),
        pointer(rows.at),
        pointer(rows.valid),
        pointer(rows.text),
        pointer(rows.used),
        pointer(rows.limit),
        pointer(rows.nulls),
        pointer(rows.counts),
        pointer(rows.notes),
        pointer(rows.heads),
    )


@within
def put_null(rows: Rows, column: int, row: int) -> None:
    """Say that a value is null."""
    rows.nulls[column] += 1
    rows.bits[rows.valid[column] + (row >> 3)] &= ~(1 << (row & 7))


@within
def put_long(rows: Rows, column: int, row: int, value: int) -> None:
    """Write a 64-bit number, such as an amount in cents."""
    rows.longs[rows.at[column] + row] = value


@within
def put_int(rows: Rows, column: int, row: int, value: int) -> None:
    """Write an index or a day."""
    rows.ints[rows.at[column] + row] = value


@within
def put_index(rows: Rows, column: int, row: int, value: int) -> None:
    """Write an index; below 0 it is null."""
    rows.ints[rows.at[column] + row] = value
    if value < 0:
        put_null(rows, column, row)


@within
def put_flag(rows: Rows, column: int, row: int, value: bool) -> None:
    """Write a flag."""
    if not value:
        rows.bits[rows.at[column] + (row >> 3)] &= ~(1 << (row & 7))


@within
def put_thousandths(rows: Rows, column: int, row: int, value: int) -> None:
    """Write a quantity: thousandths as a decimal of three places, 128 bits, the low half first."""
    at = rows.at[column] + 2 * row
    rows.longs[at] = value
    rows.longs[at + 1] = value >> 63


@within
def put_text(source: Source, rows: Rows, column: int, row: int, begin: int, end: int) -> None:
    """Write a text, null where it is empty."""
    append(source, rows, column, begin, end)
    end_text(rows, column, row)
    if begin == end:
        put_null(rows, column, row)


@within
def put_code(source: Source, rows: Rows, column: int, row: int, begin: int, end: int, longest: int) -> None:
    """Write a code, which is never null; one longer than its kind can be may be a name, and is empty."""
    if end - begin <= longest:
        append(source, rows, column, begin, end)
    end_text(rows, column, row)


@within
def put_qualifier(source: Source, rows: Rows, column: int, row: int, begin: int, end: int) -> None:
    """Write a qualifier, null where it is empty or longer than one can be."""
    put_text(source, rows, column, row, begin, begin if end - begin > 3 else end)  # noqa: PLR2004 - ID 2/3


@within
def put_name(rows: Rows, column: int, row: int, tag: int) -> None:
    """Write the name of a segment by its tag."""
    for at in range(_NAME_LENGTHS[tag]):
        append_byte(rows, column, _NAMES[3 * tag + at])
    end_text(rows, column, row)


@within
def append(source: Source, rows: Rows, column: int, begin: int, end: int) -> None:
    """Add Latin-1 bytes, as UTF-8, to the text of a column that was begun."""
    to = rows.used[column]
    if begin == end or to + 2 * (end - begin) + WORD > rows.limit[column]:
        return
    if not source.is_ascii:
        for at in range(begin, end):
            append_byte(rows, column, source.data[at])
        return
    rows.used[column] = to + end - begin
    while end - begin > WORD:
        put_word(rows.texts, to, word_at(source.data, begin))
        begin += WORD
        to += WORD
    put_word(rows.texts, to, last_bytes(source.data, begin, end))


@within
def append_byte(rows: Rows, column: int, byte: int) -> None:
    """Add one Latin-1 byte, as UTF-8, to the text of a column that was begun."""
    to = rows.used[column]
    if byte < _HIGH:
        rows.texts[to] = byte
        rows.used[column] = to + 1
    else:
        rows.texts[to] = _LOWEST_OF_TWO | (byte >> 6)
        rows.texts[to + 1] = _HIGH | (byte & _CONTINUED)
        rows.used[column] = to + 2


@within
def end_text(rows: Rows, column: int, row: int) -> None:
    """End the text of a row."""
    rows.ints[rows.at[column] + row + 1] = rows.used[column] - rows.text[column]


@within
def note(rows: Rows, rule: int, segment: int, element: int, cents: int) -> None:
    """Leave a remark, see `notes.told`."""
    number = rows.counts[COUNT.notes]
    rows.counts[COUNT.notes] += 1
    rows.notes[4 * number] = rule
    rows.notes[4 * number + 1] = segment
    rows.notes[4 * number + 2] = element
    rows.notes[4 * number + 3] = cents


@within
def keep(rows: Rows, kind: int, segment: int, of: int) -> None:
    """Keep a segment whose texts are read later, and what it is of: a transaction, or a row."""
    number = rows.counts[COUNT.heads]
    rows.counts[COUNT.heads] += 1
    rows.heads[3 * number] = kind
    rows.heads[3 * number + 1] = segment
    rows.heads[3 * number + 2] = of


@compiled
def gathered(rows: Rows) -> tuple[Bytes, NDArray[np.int64]]:
    """Return the texts of all columns one after the other, and where each column's begin, and the last one's end."""
    begins = np.zeros(rows.text.size + 1, np.int64)
    begins[1:] = np.cumsum(rows.used - rows.text)
    texts = np.empty(begins[-1], np.uint8)
    for column in range(rows.text.size):
        texts[begins[column] : begins[column + 1]] = rows.texts[rows.text[column] : rows.used[column]]
    return texts, begins


@within
def element(source: Source, segment: int, number: int) -> tuple[int, int]:
    """Return the span of an element without blanks around it; empty where it is not there."""
    place = source.first[segment] + number
    if place >= source.first[segment + 1]:
        return 0, 0
    return trimmed(source.data, source.starts[place], source.starts[place + 1] - 1)


@within
def code(source: Source, segment: int, number: int) -> int:
    """Return an element as a number, see `tokens.packed`."""
    begin, end = element(source, segment, number)
    return packed(source.data, begin, end)
