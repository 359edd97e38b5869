"""Room for the rows that the loops write, and the same memory as Arrow tables."""

from __future__ import annotations

from itertools import islice
from mmap import mmap
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np
import pyarrow as pa

from ingestion.era835.columns import FINDINGS, TABLES
from ingestion.era835.rows import COLUMNS, COUNT, WRITTEN, Rows, gathered
from ingestion.era835.tokens import TAGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from ingestion.era835.segments import Segments

Number = TypeVar("Number", np.uint8, np.int64)

TYPES: dict[str, pa.DataType] = {
    "text": pa.string(),
    "index": pa.int32(),
    "long": pa.int64(),
    "cents": pa.int64(),
    "date": pa.date32(),
    "flag": pa.bool_(),
    "quantity": pa.decimal128(18, 3),
}

Columns: TypeAlias = "dict[str, list[pa.Array[Any]]]"
"""The columns of a part by their tables, without the first, `file_sha256`."""

SCHEMAS = {
    table: pa.schema([(name, TYPES[kind]) for name, kind in kinds.items()])
    for table, kinds in {**TABLES, "findings": FINDINGS}.items()
}
"""The Arrow schema of every table."""

_KINDS = [WRITTEN[table][column] for table, column in COLUMNS]
_LONGS = np.array([{"long": 1, "cents": 1, "quantity": 2}.get(kind, 0) for kind in _KINDS])
_INTS = np.array([kind in {"index", "date", "text"} for kind in _KINDS])
_FLAGS, _TEXTS = (np.array([kind == name for kind in _KINDS]) for name in ("flag", "text"))
_TABLES = np.array([list(WRITTEN).index(table) for table, _ in COLUMNS])
_TAGS_OF = {
    "claims": ("CLP",),
    "services": ("SVC",),
    "adjustments": ("CAS",),
    "provider_adjustments": ("PLB",),
    "remarks": ("MIA", "MOA", "LQ"),
    "amounts": ("AMT",),
    "quantities": ("QTY",),
    "references": ("REF",),
    "dates": ("DTM",),
    "unread": TAGS,
}
_OF_REFERENCES = {"original_ref", "line_ref"}
_FROM = np.array([[tag in _TAGS_OF[table] for tag in TAGS] for table in WRITTEN])
_TEXT_FROM = np.array(
    [
        [tag == "REF" if column in _OF_REFERENCES else tag in _TAGS_OF[table] for tag in TAGS]
        for table, column in COLUMNS
    ]
)
_PROVIDER_ID = COLUMNS.index(("provider_adjustments", "provider_id"))
_MOST_PROVIDER_IDS = 1 << 24  # bytes: PLB01 has at most 50 characters, and stands in each row of its PLB


class Scratch:
    """Memory that is written to here and there and is done with when its part is: the next part finds it touched.

    A page that nobody wrote to costs nothing, and a new one costs as much as to write it full; NumPy would ask for
    large ones, which are cleared whole.
    """

    def __init__(self) -> None:
        self._kept: dict[str, NDArray[np.uint8]] = {}

    def of(self, name: str, size: int, kind: type[Number]) -> NDArray[Number]:
        """Return at least so many numbers of the memory with this name; what stands in it is of no use."""
        wanted = max(int(size), 1) * np.dtype(kind).itemsize
        if name not in self._kept or self._kept[name].size < wanted:
            self._kept.pop(name, None)
            self._kept[name] = np.frombuffer(mmap(-1, wanted + wanted // 4 + 7 & -8), np.uint8)
        return self._kept[name].view(kind)


def room(segments: Segments, scratch: Scratch) -> Rows:
    """Return room for all rows that these segments can have; what Arrow does not take stands in `scratch`."""
    count, elements, length = segments.sizes[:, : len(TAGS)]
    most = _most_rows(count, elements, len(segments))[_TABLES]
    longest = _TEXT_FROM @ length
    longest[_TABLES[-1] == _TABLES] = 2 * len(segments)  # the names of segments
    longest[_PROVIDER_ID] *= min(most[_PROVIDER_ID], _MOST_PROVIDER_IDS // (longest[_PROVIDER_ID] + 1) + 50)
    longest = np.where(_TEXTS, 2 * longest + 64, 0)  # a Latin-1 character may take two bytes
    longs, ints, flags = _places(most * _LONGS), _places((most + 1) * _INTS), _places((most + 7 >> 3) * _FLAGS)
    valid, text = _places(most + 7 >> 3) + flags[-1], _places(longest)
    at = np.where(_LONGS > 0, longs[:-1], np.where(_INTS, ints[:-1], flags[:-1]))
    rows = Rows(
        longs=np.empty(longs[-1], np.int64),
        ints=np.empty(ints[-1], np.int32),
        bits=np.full(valid[-1], 0xFF, np.uint8),
        texts=scratch.of("texts", text[-1], np.uint8),
        at=at,
        valid=valid[:-1].copy(),
        text=text[:-1].copy(),
        used=text[:-1].copy(),
        limit=text[:-1] + longest,
        nulls=np.zeros(len(COLUMNS), np.int64),
        counts=np.zeros(len(COUNT), np.int64),
        notes=scratch.of("notes", 4 * (2 * segments.first[-1] + 6 * len(segments)), np.int64),
        heads=scratch.of("heads", 3 * len(segments), np.int64),
    )
    rows.ints[at[_TEXTS]] = 0
    return rows


def _most_rows(count: NDArray[np.int64], elements: NDArray[np.int64], segments: int) -> NDArray[np.int64]:
    """Return how many rows each table can have, by the segments of each name and their elements."""
    most = dict(zip(WRITTEN, (_FROM @ count).tolist(), strict=True))
    most["adjustments"] = (int(elements[TAGS.index("CAS")]) + most["adjustments"]) // 3
    most["provider_adjustments"] = int(elements[TAGS.index("PLB")]) // 2
    most["remarks"] *= 5
    most["unread"] = segments
    return np.array(list(most.values()))


def _places(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where columns of these sizes begin, one after the other, and where the last one ends."""
    return np.concatenate([[0], np.cumsum((sizes + 63) & ~63)])


class Tables:
    """Makes Arrow tables of one file: every row has `file_sha256`."""

    def __init__(self, file_sha256: str) -> None:
        self._file_sha256 = pa.scalar(file_sha256)
        self._repeated: pa.Array[Any] = pa.repeat(self._file_sha256, 0)

    def of(self, columns: Columns) -> dict[str, pa.Table]:
        """Return the tables of one part; those that it does not have are empty."""
        return {table: self._table(SCHEMAS[table], columns.get(table)) for table in TABLES}

    def _table(self, schema: pa.Schema, columns: list[pa.Array[Any]] | None) -> pa.Table:
        if columns is None:
            return schema.empty_table()
        return pa.Table.from_arrays([self._repeat(len(columns[0])), *columns], schema=schema)

    def _repeat(self, count: int) -> pa.Array[Any]:
        """Return the file's hash so many times; all tables share the memory."""
        if count > len(self._repeated):
            self._repeated = pa.repeat(self._file_sha256, count)
        return self._repeated.slice(0, count)


def written(rows: Rows) -> Columns:
    """Return the columns of rows, in the memory where they were written; texts are put together."""
    counts = rows.counts[: len(WRITTEN)].tolist()
    columns = _columns(rows, counts)
    return {table: list(islice(columns, len(kinds))) for table, kinds in WRITTEN.items()}


def _columns(rows: Rows, counts: list[int]) -> Iterator[pa.Array[Any]]:
    """Yield every column, in the order of COLUMNS."""
    gathered_texts, text_at = gathered(rows)
    longs, ints, bits, texts = map(pa.py_buffer, (rows.longs.data, rows.ints.data, rows.bits.data, gathered_texts.data))
    places = (array.tolist() for array in (_TABLES, rows.at, rows.valid, text_at, text_at[1:], rows.nulls))
    for kind, table, at, valid, text, text_end, nulls in zip(_KINDS, *places, strict=False):
        count = counts[table]
        null_bits = bits.slice(valid, count + 7 >> 3) if nulls else None
        if kind == "text":
            values = [ints.slice(4 * at, 4 * count + 4), texts.slice(text, text_end - text)]
        elif kind == "flag":
            values = [bits.slice(at, count + 7 >> 3)]
        elif kind in {"index", "date"}:
            values = [ints.slice(4 * at, 4 * count)]
        else:
            width = 16 if kind == "quantity" else 8
            values = [longs.slice(8 * at, width * count)]
        yield pa.Array.from_buffers(TYPES[kind], count, [null_bits, *values], nulls)
