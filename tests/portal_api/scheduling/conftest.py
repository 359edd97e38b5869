"""A connection that sees what the portal sees at one practice."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from ledger.store.database import connect
from portal_api.store.guard import ROLE, SETTING
from tests.support.agendas import PRACTICE

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from ledger.store.database import Database


@pytest.fixture
def inside(portal_database: Database) -> Iterator[psycopg.Connection]:
    """Yield a connection as the portal's role at a practice, whose changes are undone after the test."""
    with contextlib.closing(connect(portal_database)) as connection:
        connection.execute(f"set local role {ROLE}".encode())
        connection.execute("select set_config(%s, %s, true)", (SETTING, PRACTICE))
        yield connection
