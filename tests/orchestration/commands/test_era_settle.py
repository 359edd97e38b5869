"""`trueup era release` and `replace` as a person types them: what is refused, what is said, what is kept."""

from __future__ import annotations

import gzip
import json
import os
import pwd
import re
import zipfile
from typing import TYPE_CHECKING

import pytest

from ledger.store.database import connect
from orchestration import cli
from tests.support.remittance_writer import Claim, Payment, interchange

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ledger.store.database import Database

    Run = Callable[..., tuple[int, str, str]]
    Trueup = Callable[..., tuple[int, str, str]]

WHY = ("--why", "The payer confirmed it")
HELD, POSTED, TWIN = Payment("TRACE9", amount=10396), Payment(), Payment(claims=(Claim(ref="OTHER1"),))


def written(folder: Path) -> Path:
    """Write the files of this module: one remittance each, and an archive of two."""
    for name, payment in {"held": HELD, "posted": POSTED, "twin": TWIN, "unknown": Payment("TRACE5")}.items():
        (folder / f"{name}.835").write_bytes(interchange((payment,)))
    with zipfile.ZipFile(folder / "both.zip", "w") as archive:
        archive.writestr("held.835", interchange((HELD,)))
        archive.writestr("twin.835", interchange((TWIN,)))
    return folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with the files."""
    monkeypatch.chdir(written(tmp_path))
    return tmp_path


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run commands on a database, in this process."""

    def ran(database: Database, *words: str) -> tuple[int, str, str]:
        monkeypatch.setenv("TRUEUP_HOME", "home")
        monkeypatch.setenv("TRUEUP_DATABASE_URL", database.url)
        code = cli.run(words)
        said = capsys.readouterr()
        return code, said.out, said.err

    return ran


@pytest.fixture
def trueup(folder: Path, database: Database, run: Run) -> Trueup:  # noqa: ARG001 - the files lie in it
    """Run commands on fresh books that hold three of the files."""
    run(database, "load", "era", "held.835", "posted.835", "twin.835")
    return lambda *words: run(database, *words)


def hash_of(database: Database, verdict: str) -> str:
    query = "select file_sha256 from raw.era_transaction where verdict = %s"
    with connect(database) as connection:
        ((file_sha256,),) = connection.execute(query, (verdict,)).fetchall()
    return str(file_sha256)


def settlements(database: Database) -> int:
    with connect(database) as connection:
        ((count,),) = connection.execute("select count(*) from raw.era_settlement").fetchall()
    return int(count)


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("release", "held.835", *WHY), 2, "held.835 names no transaction. Write FILE#ST"),
        (("release", "#0", *WHY), 2, "#0 names no transaction"),
        (("release", "held.835#first", *WHY), 2, "names no transaction"),
        (("release", "held.835#-1", *WHY), 2, "names no transaction"),
        (("release", "held.835#1", *WHY), 2, "has one, #0: there is no transaction #1"),
        (("release", "absent.835#0", *WHY), 2, "absent.835 is no file here, and no SHA-256"),
        (("release", "abc123#0", *WHY), 2, "abc123 is no file here, and no SHA-256"),
        (("release", "0123456789#0", *WHY), 2, "Load it first: `trueup load era FILE`"),
        (("release", "unknown.835#0", *WHY), 2, "Load it first: `trueup load era FILE`"),
        (("replace", "held.835#0", "--by", "unknown.835#0", *WHY), 2, "Load it first: `trueup load era FILE`"),
        (("replace", "held.835#0", "--by", "twin", *WHY), 2, "twin names no transaction"),
        (("replace", "held.835#0", *WHY), 2, "Missing option '--by'"),
        (("release", "held.835#0"), 2, "Missing option '--why'"),
        (("release", "held.835#0", "--why", " \t "), 2, "--why is empty"),
        (("release", "held.835#0", *WHY, "--settled-by", ""), 2, "--settled-by is empty"),
        (("release", "both.zip#0", *WHY), 2, "both.zip holds 2 files. Name the one you mean by its SHA-256"),
        (("release", "posted.835#0", *WHY), 3, "is posted: there is nothing to release"),
        (("replace", "held.835#0", "--by", "held.835#0", *WHY), 3, "cannot take its own place"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_what_cannot_be_settled_is_said_in_a_sentence_and_changes_nothing(
    words: tuple[str, ...], code: int, sentence: str, run: Run, module_database: Database
) -> None:
    run(module_database, "load", "era", "held.835", "posted.835", "twin.835")
    ended, out, err = run(module_database, "era", *words)
    assert (ended, out, sentence in err) == (code, "", True), err
    assert settlements(module_database) == 0


def test_a_release_is_kept_with_who_and_why_and_again_changes_nothing(
    trueup: Trueup, folder: Path, database: Database
) -> None:
    (folder / "again.gz").write_bytes(gzip.compress((folder / "held.835").read_bytes()))
    name = f"{hash_of(database, 'held')[:12]}#0"
    code, out, err = trueup("era", "release", "held.835#0", "--why", " Interest is in\nthe deposit ")
    assert (code, out, err) == (0, f"{name} is released. `trueup reconcile` brings the books up to it.\n", "")
    for again in ("again.gz#0", name, f"{hash_of(database, 'held').upper()}#0"):
        code, out, err = trueup("era", "release", again, *WHY)
        assert (code, err) == (0, "")
        assert re.fullmatch(rf"{name} is already released \(\w+, 20[0-9-]+\), nothing changed\.\n", out)
    with connect(database) as connection:
        kept = connection.execute("select action, why, settled_by from raw.era_settlement").fetchall()
    assert kept == [("release", r"Interest is in\nthe deposit", pwd.getpwuid(os.getuid()).pw_name)]


def test_a_replacement_as_json_names_both_and_leaves_stdout_to_the_document(trueup: Trueup, database: Database) -> None:
    posted, twin = hash_of(database, "posted"), hash_of(database, "conflict")
    words = ("era", "replace", f"{posted}#0", "--by", "twin.835#0", *WHY, "--settled-by", "anna", "--json")
    code, out, err = trueup(*words)
    document = json.loads(out)
    assert (code, err) == (
        0,
        f"{posted[:12]}#0 is replaced by {twin[:12]}#0. `trueup reconcile` brings the books up to it.\n",
    )
    assert document.pop("settlement_id") > 0
    assert document.pop("settled_at")
    assert document == {
        "action": "replace",
        "transaction": {"file_sha256": posted, "st_index": 0},
        "replaced_by": {"file_sha256": twin, "st_index": 0},
        "why": WHY[1],
        "settled_by": "anna",
        "changed": True,
        "posted_beside": [],
    }
    assert json.loads(trueup(*words)[1])["changed"] is False


def test_a_released_conflict_warns_that_two_of_one_payment_count(trueup: Trueup, database: Database) -> None:
    code, out, err = trueup("era", "release", f"{hash_of(database, 'conflict')}#0", *WHY)
    assert (code, "is released." in out) == (0, True)
    assert err.startswith(f"warning: {hash_of(database, 'posted')[:12]}#0 is posted too, with the same payer")


def test_help_shows_an_example_and_keeps_names_of_patients_out(trueup: Trueup) -> None:
    for command in ("release", "replace"):
        code, out, _ = trueup("era", command, "--help")
        assert (code, "Example:" in out, "No patient names in it" in " ".join(out.split())) == (0, True, True)
