"""Real PostgreSQL for every test: one losable server a session, one fresh database a test."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ledger.settings import Settings
from ledger.store import embedded_postgres, schema
from ledger.store.database import Database, connect, create_if_absent
from tests.support.databases import fresh

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

RAW = Path(__file__).parents[1] / "ingestion" / "raw.sql"


@pytest.fixture(scope="session")
def cluster() -> Iterator[Database]:
    """Yield the maintenance database of a server of our own, in a short path; it is gone after the session."""
    home = Path(tempfile.mkdtemp(prefix="tu-", dir="/tmp"))
    home.chmod(0o711)  # as root the server's account passes through
    with embedded_postgres.served(home, durable=False) as sockets:
        yield Database(embedded_postgres.url(sockets, "postgres"))
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def template(cluster: Database) -> Database:
    """Return a database with the ledger's schema and the raw tables, to be cloned and never written to."""
    database = cluster.sibling("template_trueup")
    create_if_absent(database)
    schema.prepare(database)
    with contextlib.closing(connect(database, autocommit=True)) as connection:
        connection.execute(RAW.read_text())
    return database


@pytest.fixture
def database(template: Database) -> Iterator[Database]:
    """Yield a fresh database with the ledger's schema and the raw tables."""
    with fresh(template) as made:
        yield made


@pytest.fixture(scope="module")
def module_database(template: Database) -> Iterator[Database]:
    """Yield a database for all tests of a module, with the ledger's schema and the raw tables."""
    with fresh(template) as made:
        yield made


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection]:
    """Yield a connection to the fresh database, closed after."""
    with contextlib.closing(connect(database)) as opened:
        yield opened


@pytest.fixture
def settings(tmp_path: Path, database: Database) -> Settings:
    """Return settings with a home of their own and the fresh database."""
    return Settings(home=tmp_path, database_url=database.url)
