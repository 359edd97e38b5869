"""The sample month in a fresh database, and the dashboard over it."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING

import httpx
import pytest
import uvicorn

from dashboards.app import create_app
from ledger.settings import Settings
from ledger.store.database import Database, connect
from tests.dashboards import marts_tables, sample_books

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import psycopg
    from fastapi import FastAPI


@pytest.fixture(scope="module")
def books(module_database: Database) -> Database:
    """Return a database whose marts hold the sample month."""
    with contextlib.closing(connect(module_database, autocommit=True)) as connection:
        marts_tables.create(connection, sample_books.books())
    return module_database


@pytest.fixture
def marts(books: Database) -> Iterator[psycopg.Connection]:
    """Yield a connection whose changes are undone after the test."""
    with contextlib.closing(connect(books)) as connection:
        yield connection


@pytest.fixture
def app(books: Database, tmp_path: Path) -> FastAPI:
    """Return the dashboard over the sample month."""
    return create_app(Settings(home=tmp_path, database_url=books.url, timezone="UTC"), books)


@pytest.fixture
def address(app: FastAPI) -> Iterator[str]:
    """Serve the dashboard over the sample month."""
    with served(app) as url:
        yield url


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    """Yield a client of the served dashboard."""
    with httpx.Client(base_url=address) as opened:
        yield opened


@pytest.fixture
def empty_client(settings: Settings, database: Database) -> Iterator[httpx.Client]:
    """Yield a client of a dashboard over books that were never reconciled."""
    with served(create_app(settings, database)) as url, httpx.Client(base_url=url) as opened:
        yield opened


@pytest.fixture
def lost_client(settings: Settings) -> Iterator[httpx.Client]:
    """Yield a client of a dashboard whose database is away."""
    away = Database("postgresql://nobody:secret@127.0.0.1:1/none")
    with served(create_app(settings, away)) as url, httpx.Client(base_url=url) as opened:
        yield opened


@contextlib.contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Serve the app on a free port of this machine, and end it."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
        server.should_exit = True
        thread.join()
