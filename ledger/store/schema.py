"""Brings a database to the newest schema `ledger`, with the roles and the empty schemas beside it."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from ledger.store.database import DatabaseUnavailable, connect

if TYPE_CHECKING:
    from ledger.store.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"
# One preparation of a database at a time; the number only has to be ours.
LOCK = 8_350_001
# Alembic keeps its context in globals of the process.
_one_thread = threading.Lock()


def head() -> str:
    """Return the newest revision; revisions are numbered, and their files start with the number."""
    return max(path.stem.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def revision(connection: psycopg.Connection) -> str | None:
    """Return the revision the database is at, or None before the first."""
    known = connection.execute("select to_regclass('ledger.alembic_version') is not null").fetchone()
    row = connection.execute("select version_num from ledger.alembic_version").fetchone() if known == (True,) else None
    return None if row is None else str(row[0])


def prepare(database: Database) -> None:
    """Upgrade the database to head; a quick no-op when it is there; two at once queue.

    Raises DatabaseUnavailable when the server is away, the user may not do it, or the database is newer than this code.
    """
    with contextlib.closing(connect(database)) as connection:
        found = revision(connection)
    if found == head():
        return
    if found is not None and found > head():
        raise DatabaseUnavailable(
            f"The database {database.place()} is at revision {found}, newer than this version of Trueup ({head()}); "
            "install the newer version.",
        )
    _upgrade(database)


def _upgrade(database: Database) -> None:
    # Alembic and SQLAlchemy cost half a second to import: only who upgrades pays.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from sqlalchemy import create_engine, text  # noqa: PLC0415
    from sqlalchemy.exc import ProgrammingError  # noqa: PLC0415
    from sqlalchemy.pool import NullPool  # noqa: PLC0415

    engine = create_engine(database.sqlalchemy("psycopg"), poolclass=NullPool)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        with _one_thread, engine.begin() as connection:
            connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except ProgrammingError as error:
        if not isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
            raise
        raise DatabaseUnavailable(
            f"The user of the database {database.place()} may not prepare it ({error.orig.diag.message_primary}); "
            "let an administrator grant CREATE on the database and run: "
            "create role trueup_books nologin; create role trueup_reader nologin;",
        ) from error
