"""A file of reports is taken in row by row: one that cannot be is named, and the others stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal_api.ehr import table, taking
from portal_api.ehr.report import Unusable

if TYPE_CHECKING:
    from uuid import UUID

    from portal_api.here import Here


def take(here: Here, system_id: UUID, text: str) -> tuple[list[tuple[int, str]], int]:
    """Take in a CSV file; returns the line and the reason of each row that was not, and how many were.

    Raises Unusable for a file without the columns, or with too many rows.
    """
    refused, taken = [], 0
    for line, row in table.rows(text):
        try:
            if isinstance(row, Unusable):
                raise row
            with here.db.begin_nested():
                taking.take(here, system_id, row)
            taken += 1
        except Unusable as error:
            refused.append((line, str(error)))
    return refused, taken
