"""`trueup load`, `status` and `export` on files good and bad: what is kept, what is said, how the command ends."""

import csv
import io
import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from ledger.store.database import Database
from tests.support.command_line import COMMAND, ROOT, environment, start, trueup, visits


@pytest.fixture
def env(database: Database, tmp_path: Path) -> dict[str, str]:
    return environment(tmp_path / "home", database.url)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.csv"
    path.write_text(visits(1, 3))
    return path


@pytest.fixture
def partly(tmp_path: Path) -> Path:
    path = tmp_path / "partly.csv"
    path.write_text(visits(10, 2) + visits(20, 9, state="completd").partition("\n")[2])
    return path


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.csv"
    path.write_text(visits(30, 2).replace("charge_cents", "price", 1))
    return path


def test_a_good_file_ends_with_0_and_again_changes_nothing(env: dict[str, str], good: Path) -> None:
    first = trueup("load", "visits", good, env=env)
    assert (first.returncode, first.stdout) == (0, f"{good}: 3 rows kept.\n")
    again = trueup("load", "visits", good, env=env)
    assert (again.returncode, again.stdout) == (0, f"{good}: already loaded, nothing changed.\n")
    assert _feed(env, "visits")["rows"] == 3


def test_quarantined_rows_end_with_1_and_the_first_few_are_told(env: dict[str, str], partly: Path) -> None:
    finished = trueup("load", "visits", partly, env=env)
    assert finished.returncode == 1
    assert "2 rows kept, 9 pieces quarantined" in finished.stdout
    assert finished.stderr.count("visits.state") == 5
    assert "4 more: see all with `trueup export quarantine`" in finished.stderr
    exported = trueup("export", "quarantine", env=env)
    assert exported.returncode == 0
    assert len(list(csv.DictReader(io.StringIO(exported.stdout)))) == 9


def test_a_file_with_a_wrong_column_is_refused_whole_with_3(env: dict[str, str], broken: Path) -> None:
    finished = trueup("load", "visits", broken, env=env)
    assert (finished.returncode, finished.stdout) == (3, "")
    assert "charge_cents" in finished.stderr
    assert _feed(env, "visits")["files"] == 0


def test_one_refused_file_does_not_keep_the_others_out(env: dict[str, str], good: Path, broken: Path) -> None:
    finished = trueup("load", "visits", broken, good, "--json", env=env)
    assert finished.returncode == 1
    result = json.loads(finished.stdout)
    assert [file["path"] for file in result["files"]] == [str(good)]
    assert [file["path"] for file in result["refused"]] == [str(broken)]
    assert result["rows"] == 3


@pytest.mark.parametrize("kind", ["visits", "stripe", "fees", "practices", "bank"])
def test_a_file_of_another_type_is_refused_with_a_sentence(kind: str, env: dict[str, str], tmp_path: Path) -> None:
    image = tmp_path / "image.png"
    image.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    finished = trueup("load", kind, image, env=env)
    assert (finished.returncode, finished.stdout) == (3, "")
    assert "image.png" in finished.stderr


def test_a_remit_that_is_none_is_quarantined_and_said(env: dict[str, str], tmp_path: Path) -> None:
    image = tmp_path / "image.835"
    image.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    finished = trueup("load", "era", image, env=env)
    assert finished.returncode == 1
    assert "era.not_edi" in finished.stderr


def test_status_says_what_is_stale_and_where_the_refused_are(env: dict[str, str], partly: Path) -> None:
    trueup("load", "visits", partly, env=env)
    finished = trueup("status", env=env)
    assert finished.returncode == 0
    assert "visits.state" in finished.stdout
    assert "never been reconciled: run `trueup reconcile`" in finished.stdout
    assert "Open month:" in finished.stdout


def test_status_imports_no_framework(env: dict[str, str]) -> None:
    program = (
        "import sys, orchestration.cli as cli\n"
        "assert cli.run(['status']) == 0\n"
        "heavy = {'dagster', 'dbt', 'great_expectations', 'fastapi', 'pandas', 'uvicorn'}\n"
        "assert not heavy & {name.partition('.')[0] for name in sys.modules}"
    )
    subprocess.run([os.sys.executable, "-c", program], env=env, cwd=ROOT, check=True, timeout=60, capture_output=True)


def test_a_load_of_visits_imports_no_framework(env: dict[str, str], good: Path) -> None:
    program = (
        "import sys, orchestration.cli as cli\n"
        f"assert cli.run(['load', 'visits', {str(good)!r}]) == 0\n"
        "heavy = {'dagster', 'dbt', 'great_expectations', 'fastapi', 'pandas', 'uvicorn'}\n"
        "assert not heavy & {name.partition('.')[0] for name in sys.modules}"
    )
    subprocess.run([os.sys.executable, "-c", program], env=env, cwd=ROOT, check=True, timeout=60, capture_output=True)


def test_export_before_the_first_reconcile_says_what_to_do_and_writes_nothing(
    env: dict[str, str], tmp_path: Path
) -> None:
    finished = trueup("export", "memos", "--out", tmp_path / "memos.csv", env=env)
    assert finished.returncode == 3
    assert "run `trueup reconcile` first" in finished.stderr
    assert not (tmp_path / "memos.csv").exists()


@pytest.mark.parametrize("form", ["csv", "json", "parquet", "xlsx"])
def test_export_onto_a_full_disk_ends_with_3_and_a_sentence(form: str, env: dict[str, str], partly: Path) -> None:
    trueup("load", "visits", partly, env=env)
    to_file = trueup("export", "quarantine", "--format", form, "--out", "/dev/full", env=env)
    with Path("/dev/full").open("wb") as full:
        to_stdout = trueup("export", "quarantine", "--format", form, env=env, stdout=full, stderr=subprocess.PIPE)
    for finished in (to_file, to_stdout):
        assert finished.returncode == 3
        assert finished.stderr == (
            "trueup: The disk is full. Nothing half-written is left behind; make room and run the command again.\n"
        )
    assert Path("/dev/full").is_char_device()


def test_a_reader_that_leaves_is_no_error(env: dict[str, str], tmp_path: Path) -> None:
    many = tmp_path / "many.csv"
    many.write_text(visits(1, 20_000, state="completd"))
    assert trueup("load", "visits", many, env=env).returncode == 1
    export = start("export", "quarantine", env=env)
    assert export.stdout is not None
    assert export.stderr is not None
    assert export.stdout.readline().startswith("source,")
    export.stdout.close()
    assert export.stderr.read() == ""
    assert export.wait(60) == 0
    export.stderr.close()


def test_a_table_for_a_machine_is_not_written_to_a_terminal(env: dict[str, str]) -> None:
    ours, theirs = pty.openpty()
    finished = subprocess.run(
        [*COMMAND, "export", "memos", "--format", "parquet"],
        env=env,
        cwd=ROOT,
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
    )
    os.close(theirs)
    os.close(ours)
    assert finished.returncode == 2
    assert "--out" in finished.stderr


def _feed(env: dict[str, str], kind: str) -> dict[str, object]:
    feeds = json.loads(trueup("status", "--json", env=env).stdout)["feeds"]
    found: dict[str, object] = next(feed for feed in feeds if feed["kind"] == kind)
    return found
