"""Columns as PostgreSQL's binary COPY format, written by compiled loops, a column at a time.

The format is in PostgreSQL's manual under COPY: a header; for each row the number of its fields, then for each field
its length (-1: null) and its bytes, most significant first; a trailer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ingestion.era835.jit import compiled, pointer, within
from ingestion.era835.spans import WORD
from ingestion.era835.words import put_half, put_word, reversed_bytes, word_at

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from ingestion.era835.jit import Bytes

    Places = NDArray[np.int64]
    Number = TypeVar("Number", np.uint8, np.int32, np.int64)

_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER = b"\xff\xff"
_DAYS_TO_2000 = 10957  # PostgreSQL counts days from 2000-01-01, Arrow from 1970-01-01
_WIDTHS = {"index": 4, "long": 8, "cents": 8, "date": 4, "flag": 1, "quantity": 18}
"""Bytes of a value of each kind (`columns`); a text has its own length."""

_NUMERIC_GROUPS, _NUMERIC_WEIGHT, _NUMERIC_SCALE, _NEGATIVE = 5, 3, 3, 0x4000


def encoded(table: pa.Table, kinds: dict[str, str]) -> memoryview:
    """Return the rows of a table, with columns of these kinds, for `copy … from stdin with (format binary)`."""
    columns = [(kinds[name], _Column(table[name].combine_chunks(), kinds[name])) for name in table.column_names]
    sizes = np.full(table.num_rows, 2, np.int64)
    for _, column in columns:
        sizes += 4 + column.lengths
    places = np.cumsum(sizes) - sizes + len(_HEADER)
    out = np.empty(len(_HEADER) + int(sizes.sum()) + len(_TRAILER), np.uint8)
    out[: len(_HEADER)] = np.frombuffer(_HEADER, np.uint8)
    out[-len(_TRAILER) :] = np.frombuffer(_TRAILER, np.uint8)
    _count(out, places, len(columns))
    for kind, column in columns:
        if kind == "text":
            _texts(out, places, column.values, column.data, column.valid)
        elif kind == "quantity":
            _thousandths(out, places, column.values, column.valid)
        else:
            _integers(out, places, column.values, column.valid, _WIDTHS[kind])
    return out.data


class _Column:
    """The values of a column (of texts: where each begins in `data`), which are not null, and how long each is."""

    def __init__(self, column: pa.Array[Any], kind: str) -> None:
        size = len(column)
        bitmap, values, *texts = column.buffers()
        self.valid = np.ones(size, np.bool_) if bitmap is None else _bits(bitmap, size)
        self.data: Bytes = _read(texts[0], np.uint8) if texts else np.empty(0, np.uint8)
        if kind == "text":
            self.values = _read(values, np.int32)[: size + 1].astype(np.int64)
            lengths = np.diff(self.values)
        else:
            self.values = _numbers(values, kind, size)
            lengths = np.full(size, _WIDTHS[kind], np.int64)
        self.lengths: Places = np.where(self.valid, lengths, 0)


def _read(buffer: pa.Buffer | None, kind: type[Number]) -> NDArray[Number]:
    return np.empty(0, kind) if buffer is None or not buffer.size else np.frombuffer(memoryview(buffer), kind)


def _bits(buffer: pa.Buffer | None, size: int) -> NDArray[np.bool_]:
    return np.unpackbits(_read(buffer, np.uint8), count=size, bitorder="little").astype(np.bool_)


def _numbers(buffer: pa.Buffer | None, kind: str, size: int) -> Places:
    if kind == "flag":
        return _bits(buffer, size).astype(np.int64)
    if kind == "quantity":
        return _read(buffer, np.int64)[: 2 * size : 2].copy()
    if kind == "date":
        return _read(buffer, np.int32)[:size].astype(np.int64) - _DAYS_TO_2000
    if kind == "index":
        return _read(buffer, np.int32)[:size].astype(np.int64)
    return _read(buffer, np.int64)[:size]


@within
def _put_long(out: Bytes, place: int, value: int) -> int:
    """Write eight bytes, most significant first, and return the place after them."""
    put_word(out, place, reversed_bytes(value))
    return place + 8


@within
def _put_int(out: Bytes, place: int, value: int) -> int:
    """Write four bytes, most significant first, and return the place after them."""
    put_half(out, place, reversed_bytes(value << 32))
    return place + 4


@within
def _put_short(out: Bytes, place: int, value: int) -> int:
    """Write two bytes, most significant first, and return the place after them."""
    out[place], out[place + 1] = value >> 8 & 0xFF, value & 0xFF
    return place + 2


@compiled
def _count(out: Bytes, places: Places, fields: int) -> None:
    memory = pointer(out)
    for row in range(places.size):
        places[row] = _put_short(memory, places[row], fields)


@compiled
def _integers(out: Bytes, places: Places, values: Places, valid: NDArray[np.bool_], width: int) -> None:
    """Write a field of each row at its place, and move the place behind it."""
    memory = pointer(out)
    for row in range(places.size):
        place = _put_int(memory, places[row], width if valid[row] else -1)
        if not valid[row]:
            places[row] = place
        elif width == 8:  # noqa: PLR2004 - bytes
            places[row] = _put_long(memory, place, values[row])
        elif width == 4:  # noqa: PLR2004 - bytes
            places[row] = _put_int(memory, place, values[row])
        else:
            memory[place] = values[row]
            places[row] = place + 1


@compiled
def _texts(out: Bytes, places: Places, offsets: Places, data: Bytes, valid: NDArray[np.bool_]) -> None:
    memory, texts = pointer(out), pointer(data)
    for row in range(places.size):
        begin, end = offsets[row], offsets[row + 1] if valid[row] else offsets[row]
        place = _put_int(memory, places[row], end - begin if valid[row] else -1)
        places[row] = place + end - begin
        while begin + WORD <= end:
            put_word(memory, place, word_at(texts, begin))
            begin += WORD
            place += WORD
        for at in range(end - begin):
            memory[place + at] = texts[begin + at]


@compiled
def _thousandths(out: Bytes, places: Places, values: Places, valid: NDArray[np.bool_]) -> None:
    """Write numerics: groups of four decimal digits, four of them before the point and one after it."""
    memory = pointer(out)
    for row in range(places.size):
        if not valid[row]:
            places[row] = _put_int(memory, places[row], -1)
            continue
        place = _put_int(memory, places[row], 8 + 2 * _NUMERIC_GROUPS)
        size = abs(values[row])
        whole, rest = size // 1000, size % 1000
        place = _put_short(memory, place, _NUMERIC_GROUPS)
        place = _put_short(memory, place, _NUMERIC_WEIGHT)
        place = _put_short(memory, place, _NEGATIVE if values[row] < 0 else 0)
        place = _put_short(memory, place, _NUMERIC_SCALE)
        divisor = 10**12
        for _ in range(_NUMERIC_WEIGHT + 1):
            place = _put_short(memory, place, whole // divisor % 10000)
            divisor //= 10000
        places[row] = _put_short(memory, place, rest * 10)
