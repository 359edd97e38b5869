"""`trueup load era` against bare COPY of the same rows, in turns on one embedded PostgreSQL with its usual settings.

    python -m bench.load 10 100

The rows that COPY takes are those the load has just written, dumped from its tables; they go into tables of the same
definition, in one transaction, from files that lie ready. Every round starts with a clone of the same empty database.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from psycopg.sql import SQL, Identifier

from bench.generate import MB, Control, kept
from ingestion import landing
from ingestion.era835 import load as remittances
from ingestion.era835 import parse
from ingestion.era835.archive import Archive
from ledger.store import database as store
from ledger.store import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from psycopg import Connection

    from ledger.store.database import Database

FORMATS = ("csv", "text", "binary")
_TEMPLATE = "bench_template"
_BLOCK = 1 << 20
_WARM = 100_000
_TOTALS = """
    select
        (select count(*) from raw.era_transaction where verdict = 'posted'),
        (select count(*) from raw.era_claim),
        (select sum(paid_cents)::bigint from raw.era_claim),
        (select count(*) from raw.era_service),
        (select sum(amount_cents)::bigint from raw.era_adjustment),
        (select coalesce(sum(amount_cents), 0)::bigint from raw.era_provider_adjustment)
"""


@dataclass
class Loading:
    """Seconds of each way to take the same file in, the best of the rounds."""

    byte_count: int
    rows: int = 0
    right: bool = False
    seconds: dict[str, float] = field(default_factory=dict)

    def took(self, what: str, seconds: float) -> None:
        """Keep the best."""
        self.seconds[what] = min(seconds, self.seconds.get(what, seconds))

    def rate(self, what: str) -> float:
        """Give MB of 835 a second."""
        return self.byte_count / MB / self.seconds[what]

    @property
    def copy(self) -> str:
        """Say which format of COPY was the quickest: it is the bar."""
        return min((f"copy {name}" for name in FORMATS), key=self.seconds.__getitem__)


@dataclass(frozen=True)
class _Bench:
    """A server with an empty database to clone, and a folder for what is written on the way."""

    database: Database
    scratch: Path

    @contextlib.contextmanager
    def fresh(self) -> Iterator[Database]:
        """Yield a clone, the server at rest; it is dropped at the end."""
        name = SQL("{}").format(Identifier("bench"))
        with contextlib.closing(store.connect(self.database.sibling("postgres"), autocommit=True)) as connection:
            connection.execute(SQL("drop database if exists {} with (force)").format(name))
            connection.execute(SQL("create database {} template {}").format(name, Identifier(_TEMPLATE)))
            connection.execute("checkpoint")
            yield self.database.sibling("bench")
            connection.execute(SQL("drop database {} with (force)").format(name))


def measured(path: Path, control: Control, rounds: int) -> Loading:
    """Take the file in each way, in turns."""
    result = Loading(control.byte_count)
    parse(path.read_bytes()[:_WARM])  # what is compiled is loaded
    with _server() as bench:
        for _ in range(rounds):
            with bench.fresh() as database:
                _load(bench, database, path, result)
                result.right = _right(database, control)
                tables = _dump(bench, database)
            with bench.fresh() as database:
                result.took("command", _timed(lambda: _command(bench, database, path)))
            for name in FORMATS:
                with bench.fresh() as database:
                    result.took(f"copy {name}", _copied(bench, database, tables, name, "raw"))
            with bench.fresh() as database:
                result.took("copy bare", _copied(bench, database, tables, "binary", "bare"))
        result.rows = sum(tables.values())
        _parts(bench, path, result)
    return result


@contextlib.contextmanager
def _server() -> Iterator[_Bench]:
    home = Path(tempfile.mkdtemp(prefix="bench-", dir="/tmp"))
    home.chmod(0o711)  # as root the server's account passes through
    try:
        with store.opened(None, home) as database:
            template = database.sibling(_TEMPLATE)
            store.create_if_absent(template)
            schema.prepare(template)
            with contextlib.closing(store.connect(template)) as connection:
                landing.ensure_schema(connection)
                connection.commit()
            yield _Bench(database, home)
    finally:
        shutil.rmtree(home)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _load(bench: _Bench, database: Database, path: Path, result: Loading) -> None:
    """Load as the command does, in a process that has started: what is compiled is compiled."""
    archive = Archive.at(bench.scratch / "loaded", None)

    def load(connection: Connection) -> None:
        for _ in remittances.load(connection, path, archive):
            connection.commit()

    with contextlib.closing(store.connect(database)) as connection:
        result.took("load", _timed(lambda: load(connection)))
    shutil.rmtree(bench.scratch / "loaded")


def _command(bench: _Bench, database: Database, path: Path) -> None:
    home = bench.scratch / "command"
    environment = {**os.environ, "TRUEUP_HOME": str(home), "TRUEUP_DATABASE_URL": database.url}
    trueup = Path(sys.executable).with_name("trueup")
    subprocess.run([trueup, "load", "era", path], env=environment, check=True, capture_output=True)  # noqa: S603 - ours
    shutil.rmtree(home)


def _right(database: Database, control: Control) -> bool:
    with contextlib.closing(store.connect(database)) as connection:
        found = connection.execute(_TOTALS).fetchone()
    return found == (
        control.transactions,
        control.claims,
        control.paid_cents,
        control.services,
        control.adjustments_cents,
        control.provider_adjustments_cents,
    )


def _dump(bench: _Bench, database: Database) -> dict[str, int]:
    """Write every filled table to a file a format; return the tables, files first, with their rows."""
    with contextlib.closing(store.connect(database)) as connection:
        names = connection.execute(
            "select tablename from pg_tables where schemaname = 'raw' and tablename ~ '^(file|era_)'"
            " order by tablename != 'file', tablename"
        ).fetchall()
        counts = {name: _dump_table(bench, connection, name) for (name,) in names}
    return {name: rows for name, rows in counts.items() if rows}


def _dump_table(bench: _Bench, connection: Connection, name: str) -> int:
    for form in FORMATS:
        statement = SQL("copy {} to stdout with (format {})").format(Identifier("raw", name), SQL(form))
        with (
            _file(bench, name, form).open("wb") as out,
            connection.cursor() as cursor,
            cursor.copy(statement) as copy,
        ):
            for block in copy:
                out.write(block)
    counted = connection.execute(SQL("select count(*) from {}").format(Identifier("raw", name))).fetchone()
    return int(counted[0]) if counted else 0


def _file(bench: _Bench, table: str, form: str) -> Path:
    return bench.scratch / f"{table}.{form}"


def _copied(bench: _Bench, database: Database, tables: dict[str, int], form: str, into: str) -> float:
    """Return the seconds of COPY into the raw tables, or into bare ones: the same columns, no key, check or index."""
    with contextlib.closing(store.connect(database)) as connection:
        if into == "bare":
            connection.execute("create schema bare")
            for name in tables:
                bare, raw = Identifier("bare", name), Identifier("raw", name)
                connection.execute(SQL("create table {} (like {})").format(bare, raw))
            connection.commit()
        return _timed(lambda: _copy_all(bench, connection, tables, form, into))


def _copy_all(bench: _Bench, connection: Connection, tables: dict[str, int], form: str, into: str) -> None:
    for name in tables:
        statement = SQL("copy {} from stdin with (format {})").format(Identifier(into, name), SQL(form))
        with (
            _file(bench, name, form).open("rb") as file,
            connection.cursor() as cursor,
            cursor.copy(statement) as copy,
        ):
            while block := file.read(_BLOCK):
                copy.write(block)
    connection.commit()


def _parts(bench: _Bench, path: Path, result: Loading) -> None:
    """Time what a load is made of, each part by itself."""
    data = path.read_bytes()
    result.took("hash", _timed(lambda: sha256(data).hexdigest()))
    archive = Archive.at(bench.scratch / "kept", None)
    result.took("archive", _timed(lambda: archive.keep(sha256(data).hexdigest(), [data])))


def main() -> None:
    """Measure files of the sizes given and print the seconds."""
    parser = argparse.ArgumentParser(description="Times `trueup load era` against bare COPY of the same rows.")
    parser.add_argument("megabytes", type=int, nargs="+")
    parser.add_argument("--files", type=Path, default=Path("/tmp/trueup-bench"))  # noqa: S108 - may be anywhere
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    given.files.mkdir(parents=True, exist_ok=True)
    for megabytes in given.megabytes:
        path = given.files / f"{megabytes}.835"
        result = measured(path, kept(path, megabytes), given.rounds)
        lines = [f"{megabytes} MB, {result.rows:,} rows, {'right' if result.right else 'WRONG'}"]
        lines += [f"  {what:12} {s:8.2f} s {result.rate(what):8.1f} MB/s" for what, s in result.seconds.items()]
        lines += [f"  load / {result.copy}: {result.rate('load') / result.rate(result.copy):.2f}"]
        sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
