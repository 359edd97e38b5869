"""The files of a closing's pack: kept once as they were made, and given out as these bytes ever after."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import psycopg

FORMATS = ("html", "pdf", "xlsx", "csv")
"""What a pack has: the page, the same as tagged PDF, the workbook with formulas, and every table as CSV in a zip."""


class Kept(NamedTuple):
    """A file of a pack: its format, the SHA-256 and length of its bytes, and when it was made."""

    form: str
    sha256: str
    byte_count: int
    made_at: datetime


def keep(connection: psycopg.Connection, period: str, version: int, files: Mapping[str, bytes]) -> None:
    """Keep files by format, in the role that may add and change nothing; one that is kept already stays as it is."""
    connection.execute("set local role trueup_books")
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ledger.closed_pack (period, version, format, content) values (%s, %s, %s, %b)"
            " on conflict do nothing",
            [(period, version, form, content) for form, content in files.items()],
        )
    connection.execute("reset role")


def kept(connection: psycopg.Connection, period: str, version: int) -> dict[str, Kept]:
    """Return the files that a closing's pack has, in the order of FORMATS."""
    rows = connection.execute(
        "select format, sha256, byte_count, made_at from ledger.closed_pack"
        " where period = %s and version = %s order by array_position(%s, format)",
        (period, version, list(FORMATS)),
    )
    return {row[0]: Kept(*row) for row in rows}


def content(connection: psycopg.Connection, period: str, version: int, form: str) -> bytes:
    """Return the bytes of a file that is kept; raises LookupError for one that is not."""
    row = connection.execute(
        "select content from ledger.closed_pack where period = %s and version = %s and format = %s",
        (period, version, form),
        binary=True,
    ).fetchone()
    if row is None:
        raise LookupError(f"{period} version {version} has no {form}")
    return bytes(row[0])
