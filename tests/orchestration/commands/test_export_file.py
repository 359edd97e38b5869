"""`--out` is whole or not there: no reader ever sees half a file."""

from pathlib import Path

import pytest

from orchestration.commands.export import written_whole


def test_a_file_takes_its_place_when_it_is_whole(tmp_path: Path) -> None:
    out = tmp_path / "memos.csv"
    out.write_text("old")
    with written_whole(out) as sink:
        sink.write(b"new")
        sink.flush()
        assert out.read_text() == "old"
    assert out.read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["memos.csv"]


def test_a_broken_export_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "memos.csv"
    out.write_text("old")
    with pytest.raises(RuntimeError, match="broken"):
        _break_off(out)
    assert out.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["memos.csv"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    with written_whole(tmp_path / "link.csv") as sink:
        sink.write(b"new")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text() == "new"


def _break_off(out: Path) -> None:
    with written_whole(out) as sink:
        sink.write(b"half")
        raise RuntimeError("broken")
