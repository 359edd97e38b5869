"""What persons wrote of the open points of a closing: only ever added to, the newest counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    import psycopg


class Note(NamedTuple):
    """Why an open point of a check may stand, while it stands as it was `found`."""

    check: str
    key: str
    found: str
    why: str
    made_by: str
    made_at: datetime


def newest(connection: psycopg.Connection) -> dict[tuple[str, str], Note]:
    """Return the newest note on each point, by check and key."""
    rows = connection.execute(
        "select distinct on (check_name, key) check_name, key, finding, why, made_by, made_at"
        " from ledger.note order by check_name, key, note_id desc"
    )
    return {(row[0], row[1]): Note(*row) for row in rows}


def add(connection: psycopg.Connection, points: Iterable[tuple[str, str, str]], why: str, made_by: str) -> None:
    """Write one reason on points, each (check, key, as found). The caller commits."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ledger.note (check_name, key, finding, why, made_by) values (%s, %s, %s, %s, %s)",
            [(*point, why, made_by) for point in points],
        )
