"""The tables of remittances written out: one file a table, whole or not at all."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest
from pyarrow import parquet

from ingestion.era835 import parse
from ingestion.era835.write import write
from tests.support.remittance_writer import Claim, Payment, interchange

if TYPE_CHECKING:
    from pathlib import Path

ONE, TWO = interchange((Payment(),)), interchange((Payment("TRACE2"),))


@pytest.mark.parametrize("table_format", ["parquet", "csv"])
def test_tables_of_several_files_are_written_one_file_a_table(tmp_path: Path, table_format: str) -> None:
    files = [parse(ONE), parse(TWO), parse(b"nothing")]
    paths = write(iter(files), tmp_path / "out", table_format)  # type: ignore[arg-type] # parametrised
    names = ["transactions", "claims", "services", "adjustments", "provider_adjustments", "remarks"]
    names += ["amounts", "quantities", "references", "dates", "unread", "findings"]
    assert list(paths) == names
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        f"{name}.{table_format}" for name in names
    )
    if table_format == "parquet":
        rows = parquet.read_table(paths["transactions"]).to_pylist()
    else:
        with paths["transactions"].open(newline="") as file:
            rows = list(csv.DictReader(file))
    assert [row["trn_number"] for row in rows] == ["TRACE1", "TRACE2"]
    assert [int(row["bpr_cents"]) for row in rows] == [10000, 10000]
    if table_format == "csv":
        assert paths["findings"].read_bytes().count(b"era.not_edi") == 1
        assert not [path for path in paths.values() if b"\x00" in path.read_bytes()]


def test_an_error_on_the_way_leaves_earlier_tables_and_no_parts(tmp_path: Path) -> None:
    write([parse(ONE)], tmp_path)

    def failing() -> object:
        yield parse(TWO)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write(failing(), tmp_path)  # type: ignore[arg-type] # a generator that fails
    assert not list(tmp_path.glob(".*"))
    assert parquet.read_table(tmp_path / "transactions.parquet")["trn_number"].to_pylist() == ["TRACE1"]


def test_an_empty_text_and_a_null_stay_apart_in_a_csv(tmp_path: Path) -> None:
    data = interchange((Payment(claims=(Claim(ref="", charge=5, paid=5),)),))
    paths = write([parse(data)], tmp_path, "csv")
    header, row = paths["claims"].read_text().splitlines()
    assert dict(zip(header.split(","), row.split(","), strict=True))['"claim_ref"'] == ""
