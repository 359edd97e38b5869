"""`trueup era explain` and `era parse` as a stranger meets them: files good and bad, a terminal, a pipe, full disks."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from hashlib import sha256
from pathlib import Path

import pytest

from ledger.store.database import Database, connect
from tests.support.command_line import COMMAND, ROOT, environment, start, trueup
from tests.support.remittance_writer import PATIENT, Claim, Line, Payment, interchange

SHORT = Claim(ref="SHORT0000001", charge=10100)
FINE = Claim(ref="7K2M9QX4T1ZBW3CV5", charge=15000, paid=10000, adjustments=(("CO", "45", 5000),), lines=(Line(),))
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return environment(tmp_path / "home")


def written(path: Path, *payments: Payment) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(interchange(payments))
    return path


def test_a_file_is_explained_without_a_database_and_without_a_name(tmp_path: Path, env: dict[str, str]) -> None:
    remit = written(tmp_path / "remit.835", Payment(claims=(FINE, SHORT)))
    finished = trueup("era", "explain", remit, env=env)
    assert finished.returncode == 0
    assert "CLAIM 0: 7K2M9QX4T1ZBW3CV5" in finished.stdout
    assert "50.00  CO-45   practice bears: The charge is above the fee agreed" in finished.stdout
    assert "off by 1.00, claim 1 (SHORT0000001)" in finished.stdout
    assert "\x1b" not in finished.stdout
    assert not any(word in finished.stdout for word in PATIENT)
    assert not Path(env["TRUEUP_HOME"]).exists()


def test_wrong_input_ends_with_2_and_a_sentence(tmp_path: Path, env: dict[str, str]) -> None:
    finished = trueup("era", "explain", tmp_path / "absent.835", env=env)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert "absent.835 is neither a file that is there nor the SHA-256 of a loaded one." in finished.stderr


def test_of_a_loaded_file_the_archive_gives_the_words_and_the_books_the_verdict(
    tmp_path: Path, database: Database
) -> None:
    env = environment(tmp_path / "home", database.url)
    held = written(tmp_path / "inbox" / "held.835", Payment(claims=(FINE,), amount=10500))
    written(tmp_path / "inbox" / "warned.835", Payment(trace="W", claims=(SHORT,)))
    written(tmp_path / "inbox" / "noted.835", Payment(trace="N", claims=(SHORT, SHORT)))
    loaded = trueup("load", "era", tmp_path / "inbox", env=env)
    assert loaded.returncode == 1
    assert "warned.835, 1 warning; see `trueup era explain " in loaded.stderr
    assert "noted.835, 2 warnings; see `trueup era explain " in loaded.stderr
    file_sha256 = sha256(held.read_bytes()).hexdigest()
    held.unlink()
    said = trueup("era", "explain", file_sha256[:10], env=env)
    assert said.returncode == 1
    assert "Verdict    held." in said.stdout
    with connect(database) as connection:
        connection.execute(
            "insert into raw.era_settlement (file_sha256, st_index, action, why, settled_by)"
            " values (%s, 0, 'release', 'interest, says the payer', 'ann')",
            (file_sha256,),
        )
    said = trueup("era", "explain", file_sha256.upper(), env=env)
    assert "Verdict    posted." in said.stdout
    assert "Released by ann" in said.stdout
    assert trueup("era", "explain", "0" * 12, env=env).returncode == 2


def test_on_a_terminal_it_is_styled_and_no_line_is_wider_than_the_window(tmp_path: Path, env: dict[str, str]) -> None:
    remit = written(tmp_path / "remit.835", Payment(claims=(FINE,), provider=(("FB", "PRIOR", 100),)))
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    words = [*COMMAND, "era", "explain", str(remit)]
    with subprocess.Popen(words, env=env, cwd=ROOT, stdout=theirs, stderr=subprocess.PIPE) as process:
        os.close(theirs)
        shown = _all(ours)
    assert process.returncode == 0
    assert "\x1b[1m" in shown
    assert max(len(line) for line in ESCAPE.sub("", shown).splitlines()) <= 80


def _all(terminal: int) -> str:
    """Read what was written to a terminal until its last writer is gone (EIO)."""
    shown = b""
    try:
        while block := os.read(terminal, 65536):
            shown += block
    except OSError:
        pass
    finally:
        os.close(terminal)
    return shown.decode()


def test_a_pager_that_is_left_is_no_error(tmp_path: Path, env: dict[str, str]) -> None:
    claims = tuple(Claim(ref=f"REF{number:09}") for number in range(5000))
    explain = start("era", "explain", written(tmp_path / "long.835", Payment(claims=claims)), "--st", 0, env=env)
    assert explain.stdout is not None
    assert explain.stderr is not None
    assert explain.stdout.readline().startswith("REMITTANCE FILE")
    explain.stdout.close()
    assert "trueup: " not in explain.stderr.read()
    assert explain.wait(60) == 0
    explain.stderr.close()


def test_parse_where_nothing_can_be_written_ends_with_3_and_leaves_nothing(tmp_path: Path, env: dict[str, str]) -> None:
    remit, tables = written(tmp_path / "good.835", Payment(claims=(FINE,))), tmp_path / "tables"
    assert trueup("era", "parse", remit, "--out", "/proc/nowhere", env=env).returncode == 3
    tables.mkdir()
    (tables / ".claims.csv.part").symlink_to("/dev/full")
    finished = trueup("era", "parse", remit, "--out", tables, "--format", "csv", env=env)
    assert finished.returncode == 3
    assert finished.stderr.startswith("trueup: The disk is full.")
    assert list(tables.iterdir()) == []
