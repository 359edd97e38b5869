"""Arrays to Arrow columns, by the kinds of value that `columns` names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa

from ingestion.era835.columns import FINDINGS, TABLES
from ingestion.era835.segments import Spans, bitmap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

Column: TypeAlias = "pa.Array[Any] | Spans | NDArray[np.generic] | tuple[NDArray[np.generic], NDArray[np.bool_]]"
"""A column on its way: Arrow already, texts, values without nulls, or values with those that are not null."""

TYPES: dict[str, pa.DataType] = {
    "text": pa.string(),
    "index": pa.int32(),
    "long": pa.int64(),
    "cents": pa.int64(),
    "date": pa.date32(),
    "flag": pa.bool_(),
    "quantity": pa.decimal128(18, 3),
}


SCHEMAS = {
    table: pa.schema([(name, TYPES[kind]) for name, kind in kinds.items()])
    for table, kinds in {**TABLES, "findings": FINDINGS}.items()
}
"""The Arrow schema of every table."""


def table(name: str, columns: Mapping[str, Column], file_sha256: str) -> pa.Table:
    """Return a table with these columns, every row with `file_sha256`."""
    made = {column: _column(values, TABLES[name][column]) for column, values in columns.items()}
    made["file_sha256"] = pa.repeat(pa.scalar(file_sha256), len(made["st_index"]))
    return pa.table([made[column] for column in TABLES[name]], schema=SCHEMAS[name])


def indexed(values: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Read numbers below 0 as null."""
    return values, values >= 0


def filled(column: pa.Array[Any]) -> pa.Array[Any]:
    """Return texts in which null is empty."""
    return column.fill_null("")


def _column(column: Column, kind: str) -> pa.Array[Any]:
    if isinstance(column, pa.Array):
        return column
    if isinstance(column, Spans):
        return column.texts()
    values, valid = column if isinstance(column, tuple) else (column, None)
    # pa.array() would do as well, and takes five times as long.
    buffers = [None if valid is None else bitmap(valid), pa.py_buffer(_bytes(values, kind).data)]
    return pa.Array.from_buffers(TYPES[kind], len(values), buffers)


def _bytes(values: NDArray[Any], kind: str) -> NDArray[Any]:
    """Return the values as Arrow lays them out."""
    if kind == "flag":
        return np.packbits(values, bitorder="little")
    if kind == "quantity":
        # Thousandths as decimals of three places: 128 bits, low half first.
        halves = np.empty((len(values), 2), np.int64)
        halves[:, 0] = values
        halves[:, 1] = halves[:, 0] >> 63
        return halves
    return np.ascontiguousarray(values, np.int64 if kind in {"cents", "long"} else np.int32)
