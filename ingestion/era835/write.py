"""The tables as files: Parquet or CSV, one file a table, without any database (`trueup era parse`)."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from pyarrow import csv, parquet

from ingestion.era835.remittances import parse

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager
    from pathlib import Path

    import pyarrow as pa

    from ingestion.era835.remittances import Remittances

Format: TypeAlias = Literal["parquet", "csv"]


class _Writer(Protocol):
    """What both kinds of writer can do."""

    def write_table(self, table: pa.Table, /) -> None: ...


def write(files: Iterable[Remittances], directory: Path, table_format: Format = "parquet") -> dict[str, Path]:
    """Write the tables of all files to `directory` (made where it is not there) and return each table's path.

    One file a table (`claims.parquet`, `claims.csv`), rows in the order of the files; amounts are integer cents.
    They get their names only when all are whole. Earlier tables of the same names are replaced.
    """
    directory.mkdir(parents=True, exist_ok=True)
    parts = {name: directory / f".{name}.{table_format}.part" for name, _ in parse(b"").tables()}
    try:
        with ExitStack() as stack:
            writers = {
                name: stack.enter_context(_writer(parts[name], table.schema, table_format))
                for name, table in parse(b"").tables()
            }
            for remittances in files:
                for name, table in remittances.tables():
                    if table.num_rows:
                        writers[name].write_table(table)
        return {name: part.replace(directory / f"{name}.{table_format}") for name, part in parts.items()}
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def _writer(path: Path, schema: pa.Schema, table_format: Format) -> AbstractContextManager[_Writer]:
    if table_format == "parquet":
        return parquet.ParquetWriter(path, schema)
    return csv.CSVWriter(path, schema)
