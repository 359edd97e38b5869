"""Loads the rules of practices. The newest row of a practice wins, and what its visits bill is worked out anew."""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING

from ingestion import landing, table_file, values, verdicts
from ingestion.feed import Load, Progress, load_file
from ingestion.table_file import Column
from ledger.rules.billing import DEFAULT_RULES, PartialVisit, PracticeRules
from ledger.rules.showing import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KIND = "practices"


def _partial_visit(value: str) -> PartialVisit:
    try:
        return PartialVisit(value)
    except ValueError:
        raise Refused(f"is no policy; write one of {', '.join(PartialVisit)}") from None


COLUMNS = (
    Column("practice_id", values.opaque),
    Column("no_show_fee_cents", values.cents, may_be_empty=True),
    Column("late_cancel_fee_cents", values.cents, may_be_empty=True),
    Column("partial_visit", _partial_visit, may_be_empty=True),
)
_STORED = (*(column.name for column in COLUMNS), "policy_key", "file_sha256", "row_number", "load_id")


def load(connection: landing.Connection, path: Path, progress: Progress | None = None) -> landing.Receipt:
    """Load one file of practices and assess their visits; commit nothing.

    An empty fee or policy is the default. Raises FeedUnreadable when a column is missing.
    """
    return load_file(connection, KIND, path, _keep, progress)


def _keep(load: Load) -> int:
    kept = landing.copy_rows(load.connection, "raw.practice", _STORED, _stored(load))
    verdicts.assess(load.connection, load.load_id - 1)
    return kept


def _stored(load: Load) -> Iterator[list[object]]:
    for number, row in table_file.read(load, COLUMNS):
        rules = PracticeRules(
            no_show_fee_cents=row["no_show_fee_cents"] or DEFAULT_RULES.no_show_fee_cents,
            late_cancel_fee_cents=row["late_cancel_fee_cents"] or DEFAULT_RULES.late_cancel_fee_cents,
            partial_visit=row["partial_visit"] or DEFAULT_RULES.partial_visit,
        )
        yield [row["practice_id"], *astuple(rules), rules.policy_key, load.file.sha256, number, load.load_id]
