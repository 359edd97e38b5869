"""The pandas script adds up what the generator says it wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench import analyst, books

if TYPE_CHECKING:
    from pathlib import Path


def test_pandas_finds_every_cent_that_was_written(tmp_path: Path) -> None:
    totals = books.kept(tmp_path / "some", 600).totals
    visits, months = analyst.books(tmp_path / "some")
    assert len(visits) == 600
    assert visits["charge_cents"].sum() == totals["charge_cents"]
    assert visits["payer_paid_cents"].sum() == totals["payer_paid_cents"]
    assert visits["patient_collected_cents"].sum() == totals["collected_cents"]
    assert months["charge_cents"].sum() == totals["charge_cents"]
