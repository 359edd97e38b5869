"""`trueup` in trouble: the database away, the disk full, two commands at once, Ctrl-C and a kind kill."""

import array
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from ledger.store.database import Database
from tests.support.command_line import environment, start, trueup, visits

SMALL_DISK = 90 * 2**20  # an empty cluster takes some 40 MB


@pytest.mark.parametrize(
    "words",
    [
        ["status"],
        ["reconcile"],
        ["backfill", "--from", "2026-09-01", "--to", "2026-09-02"],
        ["plan"],
        ["export", "memos"],
        ["demo"],
    ],
    ids=" ".join,
)
def test_a_database_that_is_away_ends_with_3_and_one_sentence(words: list[str], tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"postgresql://u:p@127.0.0.1:{nobody.getsockname()[1]}/books"
        finished = trueup(*words, env=environment(tmp_path / "home", url))
    assert (finished.returncode, finished.stdout) == (3, "")
    assert len(finished.stderr.strip().splitlines()) == 1
    assert ":p@" not in finished.stderr


def test_a_home_that_cannot_be_made_ends_with_3_and_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    finished = trueup("status", env=environment(tmp_path / "file" / "home"))
    assert finished.returncode == 3
    assert len(finished.stderr.strip().splitlines()) == 1


def test_two_loads_at_once_keep_every_row_once(database: Database, tmp_path: Path) -> None:
    env = environment(tmp_path / "home", database.url)
    for name, first in (("one", 1), ("two", 2_001)):
        (tmp_path / f"{name}.csv").write_text(visits(first, 3_000))
    both = [start("load", "visits", tmp_path / f"{name}.csv", "--json", env=env) for name in ("one", "two")]
    said = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sum(json.loads(out)["rows"] for out, _ in said) == 5_000


def test_two_commands_at_once_share_one_embedded_server(short_home: Path) -> None:
    env = environment(short_home)
    (short_home.parent / "visits.csv").write_text(visits(1, 500))
    both = [
        start("load", "visits", short_home.parent / "visits.csv", "--json", env=env),
        start("status", env=env),
        start("load", "visits", short_home.parent / "visits.csv", "--json", env=env),
    ]
    said = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0, 0], said
    assert sum(json.loads(said[place][0])["rows"] for place in (0, 2)) == 500


@pytest.fixture
def _hears_interrupts() -> Iterator[None]:
    # Whoever runs the tests in the background of a shell ignores Ctrl-C, and so would every command they start.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_hears_interrupts")
@pytest.mark.parametrize(("kind", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_load_that_is_stopped_keeps_nothing_of_its_file(
    kind: signal.Signals, code: int, database: Database, tmp_path: Path
) -> None:
    env = environment(tmp_path / "home", database.url)
    pipe = tmp_path / "visits.csv"
    os.mkfifo(pipe)
    load = start("load", "visits", pipe, env=env)
    with pipe.open("w") as feed:  # opens when the load reads; it then waits for the end that never comes
        feed.write(visits(1, 100))
        feed.flush()
        _until_read(feed)
        load.send_signal(kind)
        _, said = load.communicate(timeout=60)
    assert load.returncode == code, said
    assert "Traceback" not in said
    assert json.loads(trueup("status", "--json", env=env).stdout)["feeds"][0]["files"] == 0


def _until_read(feed: TextIO) -> None:
    waiting = array.array("i", [1])
    while waiting[0]:
        time.sleep(0.01)
        fcntl.ioctl(feed, termios.FIONREAD, waiting)


def test_a_full_disk_ends_with_3_and_what_was_kept_stays(small_disk: Path) -> None:
    env = environment(small_disk / "home")
    good, many = small_disk.parent / "good.csv", small_disk.parent / "many.csv"
    good.write_text(visits(1, 10))
    many.write_text(visits(100, 400_000))
    assert trueup("load", "visits", good, env=env).returncode == 0
    full = trueup("load", "visits", many, env=env)
    assert full.returncode == 3, full.stderr
    assert "disk is full" in full.stderr
    _make_room(small_disk)
    feeds = json.loads(trueup("status", "--json", env=env).stdout)["feeds"]
    assert (feeds[0]["files"], feeds[0]["rows"]) == (1, 10)


@pytest.fixture
def short_home() -> Iterator[Path]:
    # A socket's path holds 107 bytes; pytest's own folders can be longer.
    folder = Path("/tmp") / f"tu{os.getpid()}-{time.monotonic_ns() % 10**6}"  # noqa: S108 - made for this test alone
    folder.mkdir(mode=0o755)
    yield folder / "home"
    shutil.rmtree(folder)


@pytest.fixture
def small_disk() -> Iterator[Path]:
    folder = Path("/tmp") / f"td{os.getpid()}"  # noqa: S108 - made for this test alone
    place = folder / "disk"
    place.mkdir(parents=True)
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "trueup-test", place], check=False, capture_output=True
    )
    try:
        if not mounted or mounted.returncode:
            pytest.skip("a small disk cannot be mounted here (that takes root)")
        (place / "ballast").write_bytes(bytes(2**22))
        yield place
    finally:
        if mounted and not mounted.returncode:
            subprocess.run(["umount", "--lazy", place], check=True)
        shutil.rmtree(folder, ignore_errors=True)


def _make_room(small_disk: Path) -> None:
    (small_disk / "ballast").unlink()
