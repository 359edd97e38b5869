"""Reads the marts, as they are now or as they were known, in a role that can read them and in no way write."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import resources
from typing import Any, TypeAlias, cast

from psycopg.rows import dict_row

from dashboards.desk import Connection, Relations
from dashboards.here import Here

Row: TypeAlias = dict[str, Any]

# A mart where a query names it, with the alias that may follow.
_MART = re.compile(r"\bmarts\.(?P<name>[a-z_]+)\b(?P<alias> as [a-z_]+)?")


class NotKnown(LookupError):  # noqa: N818 - named for what it says
    """A mart cannot be told as of the time that was asked for; the text is its name."""


@contextmanager
def restricted(connection: Connection, practice_id: str | None = None) -> Iterator[Connection]:
    """Lend the connection as trueup_reader, read-only; afterwards it has its own role back.

    With a practice as trueup_practice_reader, to whom the database gives the rows of that practice alone.
    Works inside a transaction of the caller's too: all settings end with the savepoint.
    """
    with connection.transaction(force_rollback=True):
        connection.execute(f"set local role {'trueup_reader' if practice_id is None else 'trueup_practice_reader'}")
        connection.execute("select set_config('app.practice_id', %s, true)", [practice_id or ""])
        connection.execute("set transaction read only")
        yield connection


def rows(here: Here, name: str, values: Mapping[str, object] | None = None) -> list[Row]:
    """Run queries/<name>.sql and return its rows as dictionaries; `values` are its named parameters.

    Raises NotKnown when it reads a mart that cannot be told as of here's time.
    """
    return read(here, _statement(name), values)


def read(here: Here, text: str, values: Mapping[str, object] | None = None) -> list[Row]:
    """Run a select over marts as `rows` does; what it takes from outside are parameters."""
    if here.relations is not None:
        text = as_told(text, here.relations)
    with here.connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(cast("Any", text), values or {}).fetchall()


def told(here: Here, name: str, values: Mapping[str, object] | None = None) -> list[Row] | None:
    """Run a query as `rows` does; None when it cannot be told as of here's time."""
    try:
        return rows(here, name, values)
    except NotKnown:
        return None


def one(here: Here, name: str, values: Mapping[str, object] | None = None) -> Row:
    """Run a query that has exactly one row."""
    (row,) = rows(here, name, values)
    return row


def relation(here: Here, name: str) -> str:
    """Return the SQL of the relation that a mart is read from; raises NotKnown."""
    if here.relations is None:
        return f"marts.{name}"
    if name not in here.relations:
        raise NotKnown(name)
    return here.relations[name]


def as_told(text: str, relations: Relations) -> str:
    """Put in the place of every mart that a query names the relation that tells it; raises NotKnown."""

    def told_by(found: re.Match[str]) -> str:
        name = found["name"]
        if name not in relations:
            raise NotKnown(name)
        # The text goes on to take parameters, to which a percent sign of the relation would look like one.
        return f"{relations[name].replace('%', '%%')}{found['alias'] or f' as {name}'}"

    return _MART.sub(told_by, text)


@cache
def _statement(name: str) -> str:
    return resources.files("dashboards").joinpath("queries", f"{name}.sql").read_text(encoding="utf-8")
