"""The database goes away in the middle and comes back: what is then done again, and what is not."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from ledger.store import embedded_postgres
from ledger.store.database import Database, DatabaseUnavailable, connect
from orchestration import patience
from tests.support.command_line import VISIT_COLUMNS, environment, start, trueup, visits

if TYPE_CHECKING:
    from collections.abc import Iterator

DAYS = 200


@pytest.fixture
def server() -> Iterator[Path]:
    """Yield the place of a server that may be stopped and started."""
    home = Path("/tmp") / f"tp{os.getpid()}"  # noqa: S108 - a socket's path holds 107 bytes
    home.mkdir(mode=0o711)
    with embedded_postgres.served(home, durable=False):
        yield embedded_postgres._place(home)
    shutil.rmtree(home)


@pytest.mark.timeout(600)
def test_a_backfill_outlives_a_restart_of_the_server(server: Path, tmp_path: Path) -> None:
    database = Database(embedded_postgres.url(Path(embedded_postgres._pid_file(server)[4]), "books"))
    env = environment(tmp_path / "home", database.url)
    days = [date(2026, 9, 30) - timedelta(days=number) for number in range(DAYS)]
    rows = [visits(n + 1, 1, state_changed_at=f"{day}T10:31:00+00:00").split("\n")[1] for n, day in enumerate(days)]
    (tmp_path / "visits.csv").write_text("\n".join([VISIT_COLUMNS, *rows]) + "\n")
    assert trueup("load", "visits", tmp_path / "visits.csv", env=env).returncode == 0
    range_of_all = ("--from", min(days), "--to", max(days), "--as-of", "2026-10-01")
    running = start("backfill", *range_of_all, env=env)
    while not _made(database):
        assert running.poll() is None
        time.sleep(0.02)
    embedded_postgres._stop(server)
    time.sleep(2)
    embedded_postgres._start(server, durable=False)
    said, errors = running.communicate(timeout=400)
    assert running.returncode == 0, errors
    assert "The database went away. What was finished is kept; trying again in 1 s." in errors
    assert "Traceback" not in errors
    assert "visits:" in said
    assert _made(database) == DAYS
    with contextlib.closing(connect(database)) as connection:
        assert connection.execute("select count(*) from marts.visit_revenue").fetchone() == (DAYS,)


def _made(database: Database) -> int:
    with contextlib.closing(connect(database)) as connection:
        known = connection.execute("select to_regclass('ops.partition') is not null").fetchone()
        row = connection.execute("select count(*) from ops.partition").fetchone() if known == (True,) else None
        return row[0] if row else 0


def test_what_is_lost_with_the_server_is_told_from_what_is_wrong(database: Database) -> None:
    with pytest.raises(psycopg.OperationalError) as ended, connect(database) as connection:
        _end(connection)
    assert patience.went_away(ended.value)
    engine = create_engine(database.sqlalchemy("psycopg2"))
    with pytest.raises(OperationalError) as wrapped, engine.connect() as held:
        held.execute(text("select pg_terminate_backend(pg_backend_pid())"))
    assert patience.went_away(wrapped.value)
    with pytest.raises(DatabaseUnavailable) as away:
        connect(Database("postgresql://nobody@127.0.0.1:1/books"))
    assert patience.went_away(away.value)
    with pytest.raises(psycopg.Error) as wrong, connect(database) as connection:
        connection.execute("select 1 / 0")
    assert not patience.went_away(wrong.value)
    assert not patience.went_away(psycopg.errors.DiskFull())
    assert not patience.went_away(ValueError())


def _end(connection: psycopg.Connection) -> None:
    connection.execute("select pg_terminate_backend(pg_backend_pid())")


def test_the_pauses_grow_and_end(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    told: list[str] = []

    def away() -> None:
        raise DatabaseUnavailable("The database books cannot be reached.")

    with pytest.raises(DatabaseUnavailable):
        patience.persistently(away, told.append)
    assert slept == [1, 2, 4, 8, 15, 30]
    assert len(told) == 6
    answers = iter([DatabaseUnavailable("away"), DatabaseUnavailable("away"), None])

    def back_at_last() -> str:
        if answer := next(answers):
            raise answer
        return "done"

    assert patience.persistently(back_at_last, told.append) == "done"


def test_any_other_error_is_not_tried_again() -> None:
    attempts: list[int] = []

    def wrong() -> None:
        attempts.append(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        patience.persistently(wrong, lambda _: None)
    assert attempts == [1]
