"""What a month's closing keeps of each published table: its rows as they stood, and a SHA-256 over them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from psycopg import sql

if TYPE_CHECKING:
    import psycopg

_SEAL = (
    "count(*), encode(sha256(coalesce("
    "string_agg(sha256(convert_to(figure::text, 'UTF8')), ''::bytea order by place), '')), 'hex')"
)
_KEPT = "ledger.closed_figure where period = %(period)s and version = %(version)s and table_name = %(name)s"


class Frozen(NamedTuple):
    """A table as a closing kept it: columns are (name, PostgreSQL type), sha256 is over its rows in their order."""

    name: str
    columns: tuple[tuple[str, str], ...]
    row_count: int
    sha256: str


class Published(NamedTuple):
    """A table to be kept: `rows` is the select of its columns in their order, ending in its own `order by`.

    `stays` says that its rows are only ever added to where they are, so that their hash is enough.
    """

    name: str
    columns: tuple[tuple[str, str], ...]
    rows: str
    stays: bool = False


def freeze(connection: psycopg.Connection, period: str, version: int, table: Published) -> None:
    """Keep a table's rows and seal them, in two statements whatever its size. The caller commits."""
    named = {"period": period, "version": version, "name": table.name, "columns": json.dumps(table.columns)}
    kept = _numbered(table.rows)
    if not table.stays:
        connection.execute(
            "insert into ledger.closed_figure (period, version, table_name, place, figure)"
            f" select %(period)s, %(version)s, %(name)s, place, figure from {kept}".encode(),
            named,
        )
        kept = _KEPT
    connection.execute(
        "insert into ledger.closed_table (period, version, table_name, columns, row_count, sha256)"
        f" select %(period)s, %(version)s, %(name)s, %(columns)s, {_SEAL} from {kept}".encode(),
        named,
    )


def tables(connection: psycopg.Connection, period: str, version: int) -> dict[str, Frozen]:
    """Return what a closing kept, by name."""
    rows = connection.execute(
        "select table_name, columns, row_count, sha256 from ledger.closed_table"
        " where period = %s and version = %s order by table_name",
        (period, version),
    )
    return {row[0]: Frozen(row[0], tuple((name, kind) for name, kind in row[1]), row[2], row[3]) for row in rows}


def relation(period: str, version: int, table: Frozen, *others: tuple[str, int]) -> str:
    """Return the SQL of a table as it was kept: its columns, and `place` to order it by.

    `others`: closings (period, version) of other months whose rows of it are told too; a column they lack is null.
    """
    closings = sql.SQL(", ").join(sql.SQL("({}, {})").format(*closing) for closing in ((period, version), *others))
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in table.columns
    )
    return (
        sql.SQL(
            "(select whole.place, kept.* from ledger.closed_figure as whole"
            " cross join lateral jsonb_to_record(whole.figure) as kept ({})"
            " where (whole.period, whole.version) in ({}) and whole.table_name = {})"
        )
        .format(columns, closings, table.name)
        .as_string()
    )


def stands(connection: psycopg.Connection, period: str, version: int, table: Frozen, rows: str | None = None) -> bool:
    """Say whether the rows kept, or the `rows` of a table that stays, are still those that were sealed."""
    named = {"period": period, "version": version, "name": table.name}
    kept = _KEPT if rows is None else _numbered(rows)
    return connection.execute(f"select {_SEAL} from {kept}".encode(), named).fetchone() == table[2:]


def _numbered(rows: str) -> str:
    # The rows are SQL of ours and not parameters: a percent sign in it is meant.
    doubled = rows.replace("%", "%%")
    return f"(select row_number() over () as place, to_jsonb(r) as figure from ({doubled}) as r) as kept"
