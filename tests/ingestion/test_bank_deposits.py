"""Bank deposits on their way in."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from ingestion import bank_deposits
from tests.support.feed_files import Row, write_csv

if TYPE_CHECKING:
    from pathlib import Path

    from ingestion.landing import Connection

DEPOSIT: Row = {
    "deposit_id": "D-1",
    "deposited_on": "2026-09-15",
    "amount_cents": "125000",
    "trace_number": "0012345",
    "description": "HCCLAIMPMT Zzyzx Qwfp",
}


def test_deposits_are_kept_without_their_description_and_may_be_negative(raw: Connection, tmp_path: Path) -> None:
    rows = [DEPOSIT, {**DEPOSIT, "amount_cents": "-125000", "trace_number": ""}]
    receipt = bank_deposits.load(raw, write_csv(tmp_path / "bank.csv", rows))
    assert (receipt.kind, receipt.rows, receipt.quarantined) == ("bank", 2, ())
    kept = raw.execute("select * from raw.bank_deposit order by row_number").fetchall()
    assert [row[:4] for row in kept] == [
        ("D-1", date(2026, 9, 15), 125000, "0012345"),
        ("D-1", date(2026, 9, 15), -125000, None),
    ]
    assert "Zzyzx" not in str(kept)


@pytest.mark.parametrize(("column", "value"), [("deposit_id", ""), ("deposited_on", "15.9."), ("amount_cents", "1,5")])
def test_a_bad_row_is_quarantined_and_the_rest_is_kept(
    raw: Connection, tmp_path: Path, column: str, value: str
) -> None:
    path = write_csv(tmp_path / "bank.csv", [{**DEPOSIT, column: value}, DEPOSIT])
    receipt = bank_deposits.load(raw, path)
    assert (receipt.rows, [piece.rule for piece in receipt.quarantined]) == (1, [f"bank.{column}"])
