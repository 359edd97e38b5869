"""The embedded server under kills, stale files, crowds, long paths and private homes."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ledger.store import embedded_postgres
from ledger.store.database import DatabaseUnavailable, connect, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server under another account")
USER = """
import sys
from pathlib import Path
from ledger.store.database import opened, connect
with opened(None, Path(sys.argv[1])) as database:
    connection = connect(database)
    connection.execute("select 1")
    print("open", flush=True)
    sys.stdin.readline()
    connection.execute("select 1")
    connection.close()
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """Yield a home that does not exist yet, in a short path that the server's account may pass."""
    parent = Path(tempfile.mkdtemp(prefix="tu-", dir="/tmp"))
    parent.chmod(0o711)
    yield parent / "home"
    _until(lambda: embedded_postgres.postmaster(parent / "home" / "postgres") is None)
    shutil.rmtree(parent)


def _user(home: Path) -> subprocess.Popen[str]:
    environment = {key: value for key, value in os.environ.items() if key != "XDG_RUNTIME_DIR"}
    environment |= {"PYTHONPATH": str(ROOT), "LANG": "xx_XX.UTF-8", "LC_ALL": "xx_XX.UTF-8", "PGPORT": "1"}
    command = [sys.executable, "-W", "error", "-c", USER, str(home)]
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _is_open(user: subprocess.Popen[str]) -> bool:
    assert user.stdout is not None
    return user.stdout.readline() == "open\n"


def _end(user: subprocess.Popen[str]) -> int:
    user.communicate("\n", timeout=60)
    return user.returncode


def _until(true: object) -> None:
    assert callable(true)
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline, "it did not come true in 20 seconds"
        time.sleep(0.05)


def _make(home: Path) -> None:
    with opened(None, home) as database, contextlib.closing(connect(database, autocommit=True)) as connection:
        connection.execute("create table kept as select 1 as a")


def _kept(home: Path) -> bool:
    with opened(None, home) as database, contextlib.closing(connect(database)) as connection:
        return connection.execute("select to_regclass('kept') is not null").fetchone() == (True,)


def test_data_outlive_the_server_which_stops_with_its_user(home: Path) -> None:
    _make(home)
    assert embedded_postgres.postmaster(home / "postgres") is None
    assert _kept(home)


def test_the_data_are_for_the_server_alone_and_commits_are_durable(home: Path) -> None:
    with opened(None, home) as database, contextlib.closing(connect(database)) as connection:
        assert connection.execute("show fsync").fetchone() == ("on",)
        assert connection.execute("show listen_addresses").fetchone() == ("",)
    for directory in (home / "postgres", home / "postgres" / "data"):
        assert directory.stat().st_mode & 0o777 == 0o700


def test_six_at_once_share_one_server_until_the_last_leaves(home: Path) -> None:
    users = [_user(home) for _ in range(6)]
    assert all(_is_open(user) for user in users)
    for user in users[:-1]:
        assert _end(user) == 0
    assert embedded_postgres.postmaster(home / "postgres") is not None
    assert _end(users[-1]) == 0
    assert embedded_postgres.postmaster(home / "postgres") is None


def test_a_killed_user_neither_stops_the_server_for_others_nor_keeps_it(home: Path) -> None:
    first, second = _user(home), _user(home)
    assert _is_open(first)
    assert _is_open(second)
    first.kill()
    first.communicate()
    assert embedded_postgres.postmaster(home / "postgres") is not None
    assert _end(second) == 0
    assert embedded_postgres.postmaster(home / "postgres") is None


def test_a_user_killed_while_the_data_are_made_is_in_nobodys_way(home: Path) -> None:
    user = _user(home)
    _until(lambda: list((home / "postgres").glob("data.new*/base")))
    user.kill()
    user.communicate()
    assert not (home / "postgres/data").exists()
    _make(home)
    assert _kept(home)


def test_the_server_stops_when_its_only_user_is_killed(home: Path) -> None:
    user = _user(home)
    assert _is_open(user)
    user.kill()
    user.communicate()
    _until(lambda: embedded_postgres.postmaster(home / "postgres") is None)


def test_a_killed_server_comes_back_with_its_data(home: Path) -> None:
    _make(home)
    with opened(None, home):
        pid = embedded_postgres.postmaster(home / "postgres")
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        _until(lambda: embedded_postgres.postmaster(home / "postgres") is None)
        assert _kept(home)


def test_a_stale_pid_of_a_live_foreign_process_is_not_believed(home: Path) -> None:
    _make(home)
    with opened(None, home):
        pid = embedded_postgres.postmaster(home / "postgres")
        assert pid is not None
        lines = (home / "postgres/data/postmaster.pid").read_text().splitlines()
        os.kill(pid, signal.SIGKILL)
        _until(lambda: embedded_postgres.postmaster(home / "postgres") is None)
    account = embedded_postgres._account()
    who = {"user": account.pw_uid} if account else {}
    foreign = subprocess.Popen(["sleep", "60"], **who)  # type: ignore[call-overload]  # mypy cannot see into **who
    try:
        (home / "postgres/data/postmaster.pid").write_text("\n".join([str(foreign.pid), *lines[1:]]) + "\n")
        assert _kept(home)
        assert foreign.poll() is None
    finally:
        foreign.kill()
        foreign.wait()


def test_a_path_too_long_for_a_socket_works_and_leaves_nothing_in_tmp(home: Path) -> None:
    long = home / ("a" * 60) / ("b" * 60)
    with opened(None, long) as database:
        sockets = Path(database.dbt_environment()["TRUEUP_DBT_HOST"])
        assert sockets.stat().st_mode & 0o777 == 0o700
    assert not sockets.exists()
    assert embedded_postgres.postmaster(long / "postgres") is None


def test_a_deleted_home_starts_afresh(home: Path) -> None:
    _make(home)
    shutil.rmtree(home)
    assert not _kept(home)


def test_a_full_disk_is_a_sentence_and_the_next_attempt_is_whole(home: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
    try:
        with pytest.raises(DatabaseUnavailable, match="The disk is full: free some space"), opened(None, home):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert not (home / "postgres" / "data").exists()
    _make(home)


def test_a_broken_data_directory_is_a_sentence(home: Path) -> None:
    _make(home)
    (home / "postgres/data/PG_VERSION").write_text("12\n")
    with pytest.raises(DatabaseUnavailable, match=r"does not start: .*incompatible"), opened(None, home):
        pass


def test_an_error_of_the_user_of_the_database_stays_his_own(home: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"), opened(None, home):
        (home / "postgres" / "nowhere").read_text()


@AS_ROOT
def test_a_private_home_of_root_stays_private_and_its_data_lie_outside(home: Path) -> None:
    home.parent.chmod(0o700)
    _make(home)
    assert home.parent.stat().st_mode & 0o777 == 0o700
    place = Path((home / "postgres.at").read_text().strip())
    assert place.parent == embedded_postgres.OUTSIDE
    assert place.stat().st_mode & 0o777 == 0o700
    assert _kept(home)
    shutil.rmtree(home)
    assert not _kept(home)
    shutil.rmtree(place)
    shutil.rmtree(Path((home / "postgres.at").read_text().strip()))


@AS_ROOT
def test_root_never_runs_the_server_as_root(home: Path) -> None:
    with opened(None, home):
        pid = embedded_postgres.postmaster(home / "postgres")
        assert Path(f"/proc/{pid}").stat().st_uid == embedded_postgres._account().pw_uid  # type: ignore[union-attr]  # root


@AS_ROOT
def test_an_ordinary_user_needs_no_account(home: Path) -> None:
    home.parent.chmod(0o777)
    code = f"import os; os.setgid(65534); os.setuid(65534)\n{USER}"
    command = [sys.executable, "-c", code, str(home)]
    if not os.access("/proc/1", os.F_OK) or not _readable_by_all(Path(sys.executable).resolve()):
        pytest.skip("the interpreter lies in a private folder")
    done = subprocess.run(
        command, env={"PYTHONPATH": str(ROOT)}, input="\n", capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "open\n"), done.stderr
    assert (home / "postgres").stat().st_uid == 65534


def _readable_by_all(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in path.parents)
