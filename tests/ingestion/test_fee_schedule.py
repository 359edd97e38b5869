"""The fee schedule on its way in."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from ingestion import fee_schedule
from ingestion.landing import Connection, FeedUnreadable
from tests.support.feed_files import Row, write_csv

if TYPE_CHECKING:
    from pathlib import Path

FEE: Row = {
    "payer_id": "PAYER1",
    "service_code": "99213",
    "modifiers": "",
    "place_of_service": "10",
    "effective_from": "2026-01-01",
    "effective_to": "",
    "allowed_cents": "10050",
}


def test_rows_are_kept_with_sorted_modifiers_and_open_ends(raw: Connection, tmp_path: Path) -> None:
    rows = [FEE, {**FEE, "modifiers": "GT|95", "effective_to": "2026-01-01"}]
    receipt = fee_schedule.load(raw, write_csv(tmp_path / "fees.csv", rows))
    assert (receipt.kind, receipt.rows, receipt.quarantined) == ("fees", 2, ())
    query = "select modifiers, effective_from, effective_to, allowed_cents, row_number from raw.fee order by row_number"
    first_day = date(2026, 1, 1)
    assert raw.execute(query).fetchall() == [
        ("", first_day, None, 10050, 1),
        ("95|GT", first_day, first_day, 10050, 2),
    ]


@pytest.mark.parametrize(
    ("column", "value", "shown"),
    [
        ("payer_id", "", None),
        ("service_code", "visit", "5 characters (letters)"),
        ("place_of_service", "", None),
        ("effective_from", "01/01/2026", "01/01/2026"),
        ("effective_to", "2025-12-31", "2025-12-31"),
        ("allowed_cents", "-1", "-1"),
        ("allowed_cents", "100.50", "100.50"),
    ],
)
def test_a_bad_row_is_quarantined_and_the_rest_is_kept(
    raw: Connection, tmp_path: Path, column: str, value: str, shown: str | None
) -> None:
    path = write_csv(tmp_path / "fees.csv", [FEE, {**FEE, column: value}, FEE])
    receipt = fee_schedule.load(raw, path)
    assert receipt.rows == 2
    assert [(piece.position, piece.rule, piece.value) for piece in receipt.quarantined] == [
        ("row 2", f"fees.{column}", shown)
    ]


def test_a_file_without_a_column_is_refused_whole(raw: Connection, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "fees.csv", [{name: value for name, value in FEE.items() if name != "modifiers"}])
    with pytest.raises(FeedUnreadable, match="no column modifiers"):
        fee_schedule.load(raw, path)
