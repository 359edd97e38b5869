"""Loads the fee schedule: what a payer allows for a service, from a day on. The newest load of a row wins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingestion import landing, table_file, values
from ingestion.feed import Load, Progress, load_file
from ingestion.table_file import Column, Problem, Values

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KIND = "fees"
COLUMNS = (
    Column("payer_id", values.opaque),
    Column("service_code", values.service_code),
    Column("modifiers", values.modifiers, may_be_empty=True),
    Column("place_of_service", values.place_of_service),
    Column("effective_from", values.day),
    Column("effective_to", values.day, may_be_empty=True),
    Column("allowed_cents", values.cents),
)
_STORED = (*(column.name for column in COLUMNS), "file_sha256", "row_number", "load_id")


def load(connection: landing.Connection, path: Path, progress: Progress | None = None) -> landing.Receipt:
    """Load one fee schedule and commit nothing. Raises FeedUnreadable when a column is missing."""
    return load_file(connection, KIND, path, _keep, progress)


def _keep(load: Load) -> int:
    return landing.copy_rows(load.connection, "raw.fee", _STORED, _stored(load))


def _stored(load: Load) -> Iterator[list[object]]:
    for number, row in table_file.read(load, COLUMNS, _between_columns):
        row["modifiers"] = row["modifiers"] or ""
        yield [*row.values(), load.file.sha256, number, load.load_id]


def _between_columns(row: Values) -> Iterator[Problem]:
    if row["effective_to"] and row["effective_to"] < row["effective_from"]:
        yield Problem(
            "effective_to", str(row["effective_to"]), "is before effective_from; leave it empty while it holds"
        )
