"""One database URL, every driver's form of it, and opening it."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier

from ledger.store import embedded_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "trueup"
OLDEST_SERVER = 150_000
CONNECT_SECONDS = 10
# How long a server that is still recovering is waited for.
RECOVERY_SECONDS = 600
RECOVERING = ("starting up", "recovery mode", "shutting down", "not yet accepting")


class DatabaseUnavailable(Exception):  # noqa: N818 - named for what happened, as the command line says it
    """The database cannot be used; the text is a sentence: what, where (never the password) and how to mend it."""


@dataclass(frozen=True)
class Database:
    """A database, named by one URL (postgresql://user:password@host:port/name?host=<socket directory>)."""

    url: str = field(repr=False)

    def psycopg(self) -> str:
        """Return the URL as psycopg and libpq take it."""
        return self.url

    def sqlalchemy(self, driver: str = "psycopg") -> str:
        """Return the URL for SQLAlchemy with its driver named.

        It always has a host and a password before the path: Great Expectations refuses a URL without.
        """
        parts = self._parts()
        extra = {
            key: value for key, value in parts.items() if key not in {"host", "port", "user", "password", "dbname"}
        }
        host = parts["host"]
        netloc = host
        if host.startswith("/") or not host:
            netloc = "localhost"
            extra = {"host": host, "port": parts["port"], **extra} if host else extra
        who = f"{quote(parts['user'], safe='')}:{quote(parts['password'] or 'x', safe='')}"
        where = f"[{netloc}]" if ":" in netloc else netloc
        query = f"?{urlencode(extra, safe='/')}" if extra else ""
        return f"postgresql+{driver}://{who}@{where}:{parts['port']}/{quote(parts['dbname'], safe='')}{query}"

    def dbt_environment(self) -> dict[str, str]:
        """Return the environment variables that dbt's profile reads; TLS choices travel as libpq's own."""
        parts = self._parts()
        named = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password", "NAME": "dbname"}
        secure = {"PGSSLMODE": "sslmode", "PGSSLROOTCERT": "sslrootcert", "PGSSLCERT": "sslcert", "PGSSLKEY": "sslkey"}
        return {f"TRUEUP_DBT_{name}": parts[key] for name, key in named.items()} | {
            name: parts[key] for name, key in secure.items() if key in parts
        }

    def sibling(self, name: str) -> Database:
        """Return the database called `name` on the same server."""
        url = urlsplit(self.url)
        query = urlencode([(key, value) for key, value in parse_qsl(url.query) if key != "dbname"], safe="/")
        return Database(urlunsplit((url.scheme, url.netloc, f"/{quote(name, safe='')}", query, "")))

    def place(self) -> str:
        """Say where the database is, without user or password: for messages."""
        parts = self._parts()
        return f"{parts['dbname']} at {parts['host'] or 'localhost'}, port {parts['port']}"

    def _parts(self) -> dict[str, str]:
        """Return what the URL says, filled up with libpq's own defaults (which know PGUSER and the like)."""
        defaults = {
            item.keyword.decode(): item.val.decode() if item.val else ""
            for item in pq.Conninfo.get_defaults()
            if item.keyword in {b"host", b"port", b"user", b"password", b"dbname"}
        }
        try:
            given = {key: str(value) for key, value in conninfo_to_dict(self.url).items()}
        except psycopg.ProgrammingError:
            # libpq's own text quotes the piece it could not read, which may be the password.
            raise DatabaseUnavailable(
                "TRUEUP_DATABASE_URL cannot be read; write it as postgresql://user:password@host:5432/name, "
                "with special characters as %XX.",
            ) from None
        parts = defaults | given
        parts["dbname"] = parts["dbname"] or parts["user"]
        return parts


def connect(database: Database, *, autocommit: bool = False) -> psycopg.Connection:
    """Connect with the time zone UTC; the caller closes the connection.

    Raises DatabaseUnavailable with a sentence when the server is away, refuses, or has no such database.
    """
    parts = database._parts()  # noqa: SLF001 - the same module
    options = f"{parts.get('options', '')} -c TimeZone=UTC".strip()
    timeout = parts.get("connect_timeout", str(CONNECT_SECONDS))
    conninfo = make_conninfo(database.psycopg(), application_name=NAME, options=options, connect_timeout=timeout)
    try:
        return psycopg.connect(conninfo, autocommit=autocommit)
    except psycopg.OperationalError as error:
        reason = (str(error).strip() or "no answer").splitlines()[0]
        if parts["password"]:
            reason = reason.replace(parts["password"], "***")
        raise DatabaseUnavailable(
            f"The database {database.place()} cannot be reached ({reason}); "
            "start it, or correct TRUEUP_DATABASE_URL (empty = the embedded one).",
        ) from error


def create_if_absent(database: Database) -> None:
    """Create the database when the server has none of that name; two at once do no harm.

    Raises DatabaseUnavailable when the server is away or the user may not create databases.
    """
    name = database._parts()["dbname"]  # noqa: SLF001 - the same module
    try:
        connect(database).close()
    except DatabaseUnavailable as error:
        if f'database "{name}" does not exist' not in str(error):
            raise
    else:
        return
    with contextlib.closing(connect(database.sibling("postgres"), autocommit=True)) as connection:
        try:
            connection.execute(SQL("create database {}").format(Identifier(name)))
        except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
            return  # another process made it in this very moment
        except psycopg.Error as error:
            raise DatabaseUnavailable(
                f"The database {database.place()} does not exist and cannot be created "
                f"({error.diag.message_primary}); create it, then run this again.",
            ) from error


@contextlib.contextmanager
def opened(database_url: str | None, home: Path) -> Iterator[Database]:
    """Yield the database of `database_url`, or else the embedded one under home/postgres, created when absent.

    The embedded server is started when nobody uses it yet and stopped when its last user leaves.
    Raises DatabaseUnavailable with a sentence.
    """
    with contextlib.ExitStack() as stack:
        if database_url is None:
            try:
                sockets = stack.enter_context(embedded_postgres.served(home))
            except embedded_postgres.ServerNotStarted as error:
                raise DatabaseUnavailable(str(error)) from error
            database = Database(embedded_postgres.url(sockets, NAME))
        else:
            database = Database(database_url)
        _await_recovery(database.sibling("postgres") if database_url is None else database)
        create_if_absent(database)
        with contextlib.closing(connect(database)) as connection:
            if connection.info.server_version < OLDEST_SERVER:
                raise DatabaseUnavailable(
                    f"The database {database.place()} runs PostgreSQL {connection.info.server_version // 10_000}; "
                    "Trueup needs 15 or newer: name another server in TRUEUP_DATABASE_URL.",
                )
        yield database


def _await_recovery(database: Database) -> None:
    """Wait while the server says that it is still recovering from a crash."""
    deadline = time.monotonic() + RECOVERY_SECONDS
    while True:
        try:
            connect(database).close()
        except DatabaseUnavailable as error:
            if not any(text in str(error) for text in RECOVERING) or time.monotonic() > deadline:
                if "does not exist" in str(error):
                    return
                raise
            time.sleep(0.2)
        else:
            return
