"""One database a module for the feeds' tests: what a test writes is rolled back after it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from ingestion import landing
from ledger.store.database import Database, connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingestion.landing import Connection


@pytest.fixture
def raw(module_database: Database) -> Iterator[Connection]:
    """Yield a connection to a database with the tables of schema raw, empty."""
    with contextlib.closing(connect(module_database)) as opened:
        landing.ensure_schema(opened)
        opened.commit()
        yield opened
        opened.rollback()
