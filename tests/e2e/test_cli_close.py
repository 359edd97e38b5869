"""`trueup close`, `reopen`, `note` and exports of a month, as a user calls them on books of one closed month."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ledger.store import closed_figures, periods
from ledger.store.closed_figures import Published
from ledger.store.database import connect
from orchestration import cli

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.store.database import Database

KEPT = Published(
    "month_summary",
    (("period", "text"), ("amount_cents", "bigint")),
    "select '2026-09' as period, 5 as amount_cents",
)


@pytest.fixture(autouse=True)
def user(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be a user with a database of one closed month, in which nothing was ever reconciled."""
    monkeypatch.setenv("TRUEUP_HOME", str(tmp_path))
    monkeypatch.setenv("TRUEUP_DATABASE_URL", database.url)
    with connect(database) as connection:
        closed_figures.freeze(connection, "2026-09", 1, KEPT)
        periods.append(connection, "2026-09", "close", None, "Ada")
        periods.lock(connection)
        connection.commit()


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ("close 2026-09", 0, "2026-09 is closed already (version 1, by Ada); nothing changed."),
        ("close 2026-10", 3, "2026-10 stays open, nothing was written: 1 point to settle.\n"),
        ("close 2026-10 --why x", 3, "Nothing has been reconciled yet."),
        ("close 2026-13", 2, "2026-13 is no month: write YYYY-MM"),
        ("reopen 2026-10 --why x", 3, "2026-10 is open: there is nothing to reopen."),
        ("reopen 2026-09", 2, "--why"),
        ("note eft_tieout T1 --why x --period 2026-10", 2, "eft_tieout T1 is no open point of 2026-10"),
        ("export month_summary --period 2026-09", 0, "2026-09,5"),
        ("export month_summary --period 2026-09 --version 2", 2, "2026-09 has no version 2. It was closed 1 time."),
        ("export month_summary --version 1", 2, "name it with --period"),
        ("export month_summary --period 2026-09 --as-of 2026-10-01", 2, "exclude each other"),
        (
            "export quarantine --period 2026-09",
            2,
            "quarantine is not kept by month. Of 2026-09 there are: month_",
        ),
        ("export month_summary --period 2026-09 --where amount_cents=4..5", 0, "2026-09,5"),
        ("export month_summary --period 2026-09 --where amount_cents=!5 --json", 0, "[]\n"),
        (
            "export month_summary --period 2026-09 --where count=1",
            2,
            "This table has no column “count”. It has: period",
        ),
        ("export month_summary --period 2026-09 --where amount_cents=x", 2, "--where: invalid input syntax"),
        ("export month_summary --period 2026-09 --where amount_cents", 2, "write COLUMN=VALUE, such as kind=credit"),
        ("export quarantine --as-of 2026-09-01", 2, "cannot be given as of a day. These can: "),
        ("status", 0, "2026-09   1"),
        ("pack 2026-10", 3, "2026-10 is open and has no pack: `trueup close 2026-10` makes one."),
        ("pack 2026-09 --version 2", 3, "2026-09 has no version 2: it was closed once."),
        ("pack 2026-9", 2, "2026-9 is no month: write YYYY-MM"),
        ("pack 2026-09 --format pdf --json", 2, "name one with --out"),
    ],
)
def test_what_a_command_says_and_its_exit_code(
    words: str, code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(words.split()) == code
    heard = capsys.readouterr()
    assert says in heard.out + heard.err


def test_a_reason_of_blanks_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["reopen", "2026-09", "--why", " "]) == 2
    assert "--why is empty" in capsys.readouterr().err


def test_a_month_is_reopened_once_and_its_version_stays_readable(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["reopen", "2026-09", "--why", "a file was forgotten", "--by", "Ben"]) == 0
    assert cli.run(["reopen", "2026-09", "--why", "again"]) == 3
    capsys.readouterr()
    assert cli.run(["export", "month_summary", "--period", "2026-09", "--version", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [{"period": "2026-09", "amount_cents": 5}]


def test_a_machine_reads_what_is_open_and_what_was_kept(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["close", "2026-10", "--json"]) == 3
    blocked = json.loads(capsys.readouterr().out)
    assert (blocked["closed"], blocked["version"]) == (False, None)
    assert {check["check"]: len(check["points"]) for check in blocked["checks"]} == {"over": 0, "run": 1}
    assert cli.run(["close", "2026-09", "--json"]) == 0
    closed = json.loads(capsys.readouterr().out)
    assert (closed["closed"], closed["changed"], closed["version"], closed["closed_by"]) == (True, False, 1, "Ada")
    assert [(table["name"], table["rows"]) for table in closed["tables"]] == [("month_summary", 1)]
    assert [file["format"] for file in closed["pack"]["files"]] == ["html", "pdf", "xlsx", "csv"]


def test_a_pack_is_written_whole_or_a_file_of_it_and_always_the_same(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert cli.run(["pack", "2026-09", "--out", str(tmp_path / "packs" / "september")]) == 0
    folder = tmp_path / "packs" / "september"
    assert subprocess.run(["sha256sum", "-c", "trueup-close-2026-09-v1.sha256"], cwd=folder, check=True)
    assert len(list(folder.iterdir())) == 5
    capsysbinary.readouterr()
    for form, ending in (("html", "html"), ("pdf", "pdf"), ("xlsx", "xlsx"), ("csv", "zip")):
        whole = (folder / f"trueup-close-2026-09-v1.{ending}").read_bytes()
        assert cli.run(["pack", "2026-09", "--format", form]) == 0
        assert capsysbinary.readouterr().out == whole
        assert cli.run(["pack", "2026-09", "--version", "1", "--format", form, "--out", str(tmp_path / "one")]) == 0
        assert (tmp_path / "one").read_bytes() == whole
        capsysbinary.readouterr()
    assert cli.run(["pack", "2026-09", "--out", str(tmp_path / "one")]) == 2


def test_without_pango_the_pack_lacks_its_pdf_and_gets_it_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lacking = tmp_path / "lacking" / "weasyprint"
    lacking.mkdir(parents=True)
    (lacking / "__init__.py").write_text("raise OSError(\"cannot load library 'libpango-1.0-0'\")")
    with monkeypatch.context() as there:
        for name in [name for name in sys.modules if name.partition(".")[0] == "weasyprint"]:
            there.delitem(sys.modules, name)
        there.syspath_prepend(lacking.parent)
        assert cli.run(["pack", "2026-09", "--json"]) == 1
        told = capsys.readouterr()
        assert [file["format"] for file in json.loads(told.out)["files"]] == ["html", "xlsx", "csv"]
        assert "apt-get install libpango-1.0-0" in told.err
        assert cli.run(["pack", "2026-09", "--format", "pdf", "--out", str(tmp_path / "pack.pdf")]) == 3
        assert not (tmp_path / "pack.pdf").exists()
    assert cli.run(["pack", "2026-09", "--json"]) == 0
    assert [file["format"] for file in json.loads(capsys.readouterr().out)["files"]] == ["html", "pdf", "xlsx", "csv"]
