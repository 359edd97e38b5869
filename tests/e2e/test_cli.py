"""The `trueup` command as a whole: help, misuse, what it imports, and what needs no database."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration import cli
from tests.support.command_line import ROOT, environment, trueup

COMMANDS = (
    ("demo",),
    ("up",),
    ("load", "visits"),
    ("load", "stripe"),
    ("load", "era"),
    ("load", "fees"),
    ("load", "practices"),
    ("load", "bank"),
    ("reconcile",),
    ("close",),
    ("reopen",),
    ("note",),
    ("pack",),
    ("mail", "show"),
    ("mail", "send"),
    ("backfill",),
    ("plan",),
    ("send",),
    ("export",),
    ("era", "parse"),
    ("era", "explain"),
    ("era", "match"),
    *(("subscriptions", name) for name in ("plan", "start", "list", "held", "release")),
    ("webhooks", "list"),
    ("webhooks", "replay"),
    ("webhooks", "prune"),
    ("portal", "add"),
    *(("staff", name) for name in ("add", "link", "list", "disable", "practices")),
    ("audit", "verify"),
    *(("worklist", name) for name in ("list", "take", "dismiss", "reopen")),
    ("practice", "list"),
    ("hold", "list"),
    ("notices",),
    ("status",),
    ("version",),
)
HEAVY = {"dagster", "dbt", "great_expectations", "fastapi", "pandas", "pyarrow", "sandbox", "uvicorn"}
REMIT = (
    "ISA*00*          *00*          *ZZ*PAYER          *ZZ*CLINIC         *260901*1200*^*00501*000000001*0*T*:~"
    "GS*HP*PAYER*CLINIC*20260901*1200*1*X*005010X221A1~ST*835*0001~"
    "BPR*I*80*C*ACH************20260901~TRN*1*TRACE1*1999999999~N1*PR*PAYER~N1*PE*CLINIC*XX*1999999984~"
    "LX*1~CLP*CLAIM1*1*100*80*20*12*ICN1*02*1~SVC*HC:99213*100*80**1~CAS*PR*2*20~SE*9*0001~GE*1*1~IEA*1*000000001~"
)


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return environment(tmp_path / "home")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_help_has_an_example(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([*command, "--help"]) == 0
    said = capsys.readouterr().out
    assert "Example:\n" in said
    assert f"trueup {' '.join(command)}" in said.split("Example:\n")[1]


def test_the_help_names_the_commands_that_exist_and_no_other(env: dict[str, str]) -> None:
    said = trueup("--help", env=env).stdout.split("Commands:")[1].split("Example:")[0]
    names = {line.split()[0] for line in said.splitlines() if line.startswith("  ") and line.split()}
    assert names == {command[0] for command in COMMANDS}


def test_the_help_comes_at_once(env: dict[str, str]) -> None:
    # Its processor time: what else the machine does at the moment is not the command's doing.
    before = _of_children()
    trueup("--help", env=env)
    assert _of_children() - before < 0.6


def _of_children() -> float:
    spent = os.times()
    return spent.children_user + spent.children_system


@pytest.mark.parametrize(
    "words", [["--help"], ["load", "visits", "--help"], ["load", "visits", "absent.csv"], ["version"]]
)
def test_light_commands_import_nothing_heavy(words: list[str], env: dict[str, str]) -> None:
    assert not _imported(words, env) & HEAVY


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["load", "visits"],
        ["load", "visits", "no-such-file.csv"],
        ["load", "visits", "."],
        ["reconcile", "--as-of", "11/01/2026"],
        ["export", "memos", "--format", "pdf"],
        ["export", "memos", "--out", "."],
        ["export", "memos", "--out", "no/such/folder/memos.csv"],
        ["era", "parse", "no-such-file.835", "--out", "tables"],
    ],
    ids=" ".join,
)
def test_misuse_ends_with_2_and_opens_no_workspace(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRUEUP_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("TRUEUP_DATABASE_URL", raising=False)
    assert cli.run(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.strip()
    assert not (tmp_path / "home").exists()


def test_a_wrong_setting_ends_with_2_and_names_it(env: dict[str, str]) -> None:
    finished = trueup("status", env={**env, "TRUEUP_TIMEZONE": "Nowhere/Atall"})
    assert finished.returncode == 2
    assert "TRUEUP_TIMEZONE" in finished.stderr


def test_era_parse_writes_every_table_without_a_database(tmp_path: Path, env: dict[str, str]) -> None:
    remit = tmp_path / "one.835"
    remit.write_text(REMIT)
    finished = trueup("era", "parse", remit, "--out", tmp_path / "tables", "--format", "csv", "--json", env=env)
    assert finished.returncode == 0, finished.stderr
    assert json.loads(finished.stdout)["files"][0]["claims"] == 1
    assert sorted(path.name for path in (tmp_path / "tables").iterdir()) == [
        "adjustments.csv",
        "amounts.csv",
        "claims.csv",
        "dates.csv",
        "findings.csv",
        "provider_adjustments.csv",
        "quantities.csv",
        "references.csv",
        "remarks.csv",
        "services.csv",
        "transactions.csv",
        "unread.csv",
    ]
    assert ",8000," in (tmp_path / "tables" / "claims.csv").read_text()
    assert not Path(env["TRUEUP_HOME"]).exists()


def test_era_parse_of_an_error_ends_with_1_and_says_where(tmp_path: Path, env: dict[str, str]) -> None:
    remit = tmp_path / "off.835"
    remit.write_text(REMIT.replace("BPR*I*80*", "BPR*I*81*"))
    finished = trueup("era", "parse", remit, "--out", tmp_path / "tables", env=env)
    assert finished.returncode == 1
    assert "off.835, byte" in finished.stderr


def test_era_parse_onto_a_full_disk_ends_with_3_and_leaves_nothing(tmp_path: Path, env: dict[str, str]) -> None:
    remit = tmp_path / "one.835"
    remit.write_text(REMIT)
    finished = trueup("era", "parse", remit, "--out", "/dev/full", env=env)
    assert finished.returncode == 3
    assert len(finished.stderr.strip().splitlines()) == 1


def test_help_into_a_full_disk_ends_with_3_and_a_sentence(env: dict[str, str]) -> None:
    with Path("/dev/full").open("w") as full:
        finished = trueup("version", env=env, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert finished.returncode == 3
    assert "disk is full" in finished.stderr


def _imported(words: list[str], env: dict[str, str]) -> set[str]:
    program = (
        "import sys, orchestration.cli as cli\n"
        f"cli.run({words!r})\n"
        "sys.stderr.write('\\nIMPORTED ' + ' '.join({name.partition('.')[0] for name in sys.modules}))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program], env=env, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return set(finished.stderr.rpartition("IMPORTED ")[2].split())
