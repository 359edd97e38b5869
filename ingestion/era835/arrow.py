"""Arrays to Arrow columns, by the kinds of value that `columns` names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa

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


def schema(kinds: Mapping[str, str]) -> pa.Schema:
    """Return the Arrow schema of a table."""
    return pa.schema([(name, TYPES[kind]) for name, kind in kinds.items()])


def table(columns: Mapping[str, Column], kinds: Mapping[str, str], file_sha256: str) -> pa.Table:
    """Return a table with these columns, in the order of `kinds`, every row with `file_sha256`."""
    made = {name: _column(column, kinds[name]) for name, column in columns.items()}
    made["file_sha256"] = pa.repeat(pa.scalar(file_sha256), len(made["st_index"]))
    return pa.table([made[name] for name in kinds], schema=schema(kinds))


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
    if kind == "quantity":
        return _thousandths(values, valid)
    mask = None if valid is None or valid.all() else ~valid
    kept = values.astype(np.int32) if kind == "date" else values
    return pa.array(kept, type=TYPES[kind], mask=mask)


def _thousandths(values: NDArray[np.generic], valid: NDArray[np.bool_] | None) -> pa.Array[Any]:
    """Return decimals of three places from whole thousandths: Arrow keeps 128 bits, low half first."""
    halves = np.empty((len(values), 2), np.int64)
    halves[:, 0] = values
    halves[:, 1] = halves[:, 0] >> 63
    nulls = None if valid is None else bitmap(valid)
    return pa.Array.from_buffers(TYPES["quantity"], len(values), [nulls, pa.py_buffer(halves.data)])
