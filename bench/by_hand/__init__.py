"""The tables of a reconcile, as SQL written by hand makes them from the loaded ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    import psycopg

_SCRIPT = sorted(Path(__file__).parent.glob("*.sql"))


def make(connection: psycopg.Connection, as_of: date) -> None:
    """Make the schema by_hand, its books as of a day, and commit."""
    connection.execute(f"set bench.as_of = '{as_of}'".encode())
    for path in _SCRIPT:
        connection.execute(path.read_bytes())
    connection.commit()
