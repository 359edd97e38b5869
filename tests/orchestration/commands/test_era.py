"""What `trueup era parse` says of several files: added up, each kind of error once, what cannot be read told apart."""

import json
from pathlib import Path

import pytest

from orchestration.commands.era import parse
from orchestration.commands.errors import PARTLY, CannotRun
from tests.support.remittance_writer import Payment, interchange

UNREADABLE = Path("/proc/self/mem")  # gives an input/output error to anybody


def written(path: Path, *payments: Payment) -> Path:
    path.write_bytes(interchange(payments))
    return path


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return written(tmp_path / "good.835", Payment())


def test_files_are_added_up_and_each_kind_of_error_is_told_once(
    good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = written(tmp_path / "copy.835", Payment())
    one = written(tmp_path / "one.835", *(Payment(trace=trace, amount=1) for trace in "AB"))
    two = written(tmp_path / "two.835", Payment(trace="C", amount=1))
    assert parse([good, copy, one, two], tmp_path / "tables") == PARTLY
    said = capsys.readouterr()
    assert said.err.count("era.held_residual") == 1
    assert "3 times in 2 files, first in " in said.err
    assert "copy.835: the same bytes as a file before it, left out." in said.err
    total = next(line.split() for line in said.out.splitlines() if line.split()[:1] == ["total"])
    assert total == ["total", "4", "4", "0", "$100.00", "3", "3", "0"]


def test_a_file_that_cannot_be_read_keeps_no_other_out(
    good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert parse([UNREADABLE, good], tmp_path / "tables", as_json=True) == PARTLY
    result = json.loads(capsys.readouterr().out)
    assert [file["paid_cents"] for file in result["files"]] == [10000]
    assert len(result["refused"]) == 1
    assert (tmp_path / "tables" / "claims.parquet").exists()


def test_where_no_file_can_be_read_no_table_is_written(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match="None of the files could be read"):
        parse([UNREADABLE], tmp_path / "tables")
    assert list((tmp_path / "tables").iterdir()) == []
