"""Reads the marts as trueup_reader, in a transaction that cannot write."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import resources
from typing import Any, TypeAlias, cast

import psycopg
from psycopg.rows import dict_row

Row: TypeAlias = dict[str, Any]
Connection: TypeAlias = psycopg.Connection[Any]


@contextmanager
def restricted(connection: Connection) -> Iterator[Connection]:
    """Lend the connection as trueup_reader, read-only; afterwards it has its own role back.

    Works inside a transaction of the caller's too: both settings end with the savepoint.
    """
    with connection.transaction(force_rollback=True):
        connection.execute("set local role trueup_reader")
        connection.execute("set transaction read only")
        yield connection


def rows(connection: Connection, name: str, values: Mapping[str, object] | None = None) -> list[Row]:
    """Run queries/<name>.sql and return its rows as dictionaries; `values` are its named parameters."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_statement(name), values or {}).fetchall()


def one(connection: Connection, name: str, values: Mapping[str, object] | None = None) -> Row:
    """Run a query that has exactly one row."""
    (row,) = rows(connection, name, values)
    return row


@cache
def _statement(name: str) -> Any:  # psycopg wants a literal; the text is a file of ours
    return cast("Any", resources.files("dashboards").joinpath("queries", f"{name}.sql").read_text(encoding="utf-8"))
