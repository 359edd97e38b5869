"""Loads bank deposits. The newest load of a deposit wins; the description is not read, for it may name a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingestion import landing, table_file, values
from ingestion.feed import Load, Progress, load_file
from ingestion.table_file import Column

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KIND = "bank"
# A deposit that was returned is negative.
COLUMNS = (
    Column("deposit_id", values.opaque),
    Column("deposited_on", values.day),
    Column("amount_cents", values.signed_cents),
    Column("trace_number", values.opaque, may_be_empty=True),
)
_STORED = (*(column.name for column in COLUMNS), "file_sha256", "row_number", "load_id")


def load(connection: landing.Connection, path: Path, progress: Progress | None = None) -> landing.Receipt:
    """Load one file of bank deposits and commit nothing. Raises FeedUnreadable when a column is missing."""
    return load_file(connection, KIND, path, _keep, progress)


def _keep(load: Load) -> int:
    return landing.copy_rows(load.connection, "raw.bank_deposit", _STORED, _stored(load))


def _stored(load: Load) -> Iterator[list[object]]:
    for number, row in table_file.read(load, COLUMNS):
        yield [*row.values(), load.file.sha256, number, load.load_id]
