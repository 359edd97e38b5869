"""Brings a database to the newest schema `portal`, after the ledger's, whose tables it refers to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ledger.store import schema

if TYPE_CHECKING:
    from ledger.store.database import Database

PORTAL = schema.Chain("portal", Path(__file__).parent / "migrations")


def prepare(database: Database) -> None:
    """Upgrade the ledger's schema and the portal's to head; a quick no-op when they are there.

    Raises DatabaseUnavailable when the server is away, the user may not do it, or the database is newer than this code.
    """
    schema.prepare(database)
    schema.prepare(database, PORTAL)
