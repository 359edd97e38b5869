"""Brings a database to the newest schema `ledger`, or another chain's, with the roles and empty schemas beside it."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from ledger.store.database import DatabaseUnavailable, connect

if TYPE_CHECKING:
    from ledger.store.database import Database

# One preparation of a database at a time; the number only has to be ours.
LOCK = 8_350_001
# Alembic keeps its context in globals of the process.
_one_thread = threading.Lock()


@dataclass(frozen=True)
class Chain:
    """A schema and the folder of its migrations, which are numbered; its version table lives in it."""

    schema: str
    migrations: Path


LEDGER = Chain("ledger", Path(__file__).parent / "migrations")


def head(chain: Chain = LEDGER) -> str:
    """Return the newest revision; revisions are numbered, and their files start with the number."""
    return max(path.stem.split("_")[0] for path in (chain.migrations / "versions").glob("[0-9]*.py"))


def revision(connection: psycopg.Connection, chain: Chain = LEDGER) -> str | None:
    """Return the revision the database is at, or None before the first."""
    table = f"{chain.schema}.alembic_version"
    known = connection.execute("select to_regclass(%s) is not null", (table,)).fetchone()
    row = connection.execute(f"select version_num from {table}".encode()).fetchone() if known == (True,) else None
    return None if row is None else str(row[0])


def prepare(database: Database, chain: Chain = LEDGER) -> None:
    """Upgrade the database to head; a quick no-op when it is there; two at once queue.

    Raises DatabaseUnavailable when the server is away, the user may not do it, or the database is newer than this code.
    """
    with contextlib.closing(connect(database)) as connection:
        found = revision(connection, chain)
    if found == head(chain):
        return
    if found is not None and found > head(chain):
        raise DatabaseUnavailable(
            f"The database {database.place()} is at revision {found} of {chain.schema}, newer than this version of "
            f"Trueup ({head(chain)}); install the newer version.",
        )
    _upgrade(database, chain)


def run_migrations() -> None:
    """Run a chain's migrations on the connection that `prepare` hands over; called by Alembic's env.py."""
    from alembic import context  # noqa: PLC0415 - see _upgrade
    from sqlalchemy import text  # noqa: PLC0415 - the same

    connection, schema = (context.config.attributes[name] for name in ("connection", "schema"))
    # The version table lives in this schema, so the schema comes before the first migration.
    connection.execute(text(f"create schema if not exists {schema}"))
    context.configure(connection=connection, version_table_schema=schema)
    context.run_migrations()


def _upgrade(database: Database, chain: Chain) -> None:
    from alembic import command  # noqa: PLC0415 - Alembic and SQLAlchemy cost half a second: only who upgrades pays
    from alembic.config import Config  # noqa: PLC0415 - the same
    from sqlalchemy import create_engine, text  # noqa: PLC0415 - the same
    from sqlalchemy.exc import ProgrammingError  # noqa: PLC0415 - the same
    from sqlalchemy.pool import NullPool  # noqa: PLC0415 - the same

    engine = create_engine(database.sqlalchemy("psycopg"), poolclass=NullPool)
    config = Config()
    config.set_main_option("script_location", str(chain.migrations).replace("%", "%%"))
    try:
        with _one_thread, engine.begin() as connection:
            connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            config.attributes.update(connection=connection, schema=chain.schema)
            command.upgrade(config, "head")
    except ProgrammingError as error:
        if not isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
            raise
        raise DatabaseUnavailable(
            f"The user of the database {database.place()} may not prepare it ({error.orig.diag.message_primary}); "
            "let an administrator grant CREATE on the database and run: "
            "create role trueup_books nologin; create role trueup_reader nologin; create role trueup_portal nologin; "
            "create role trueup_practice_reader nologin;",
        ) from error
