"""Sums over the kept rows of a closing, written as `month_summary: amount[measure=leak_*] - amount[measure=visits]`."""

import re
from collections.abc import Iterable
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from psycopg import sql

from orchestration.published import INTEGER_TYPES, Table

if TYPE_CHECKING:
    import psycopg

_TERM = re.compile(r" ?(?P<sign>[+-]) (?P<column>\w+)(?:\[(?P<key>\w+)=(?P<value>[\w*]+)\])?")


class Term(NamedTuple):
    """The sum of a column of whole numbers: of all rows, or of those whose text `key` is `value` (* is any text)."""

    table: str
    column: str
    key: str | None = None
    value: str | None = None

    def is_in(self, tables: dict[str, Table]) -> bool:
        """Say whether the tables have what is to be added up: an older closing may have kept less."""
        asked = {self.column} | ({self.key} if self.key else set())
        return self.table in tables and asked <= {column.name for column in tables[self.table].columns}


Signed = tuple[int, Term]


def terms(text: str) -> tuple[Signed, ...]:
    """Read `table: a + b - c[key=value]`, columns without their `_cents`, as terms, each with its sign, 1 or -1."""
    table, _, said = text.partition(": ")
    if _TERM.sub("", f"+ {said}"):
        raise ValueError(f"no sum of columns: {text}")
    return tuple(
        (1 if found["sign"] == "+" else -1, Term(table, f"{found['column']}_cents", found["key"], found["value"]))
        for found in _TERM.finditer(f"+ {said}")
    )


def control_totals(tables: dict[str, Table]) -> list[Term]:
    """Name every column of cents of every table."""
    return [
        Term(table.name, column.name)
        for table in tables.values()
        for column in table.columns
        if column.name.endswith("_cents") and column.type in INTEGER_TYPES
    ]


def added_up(connection: "psycopg.Connection", tables: dict[str, Table], asked: Iterable[Term]) -> dict[Term, int]:
    """Add up every term, in integers and with one statement a table."""
    totals: dict[Term, int] = {}
    by_table = attrgetter("table")
    for name, group in groupby(sorted(set(asked), key=lambda term: tuple(map(str, term))), key=by_table):
        wanted = list(group)
        row = connection.execute(
            sql.SQL("select {} from {} as r").format(
                sql.SQL(", ").join(map(_sum, wanted)),
                sql.SQL(tables[name].relation),
            )
        ).fetchone()
        totals |= {term: int(value) for term, value in zip(wanted, row or (), strict=True)}
    return totals


def _sum(term: Term) -> sql.Composed:
    column = sql.Identifier("r", term.column)
    if term.key is None or term.value is None:
        return sql.SQL("coalesce(sum({}), 0)").format(column)
    pattern = term.value.replace("_", r"\_").replace("*", "%")
    return sql.SQL("coalesce(sum({}) filter (where {} like {}), 0)").format(
        column, sql.Identifier("r", term.key), pattern
    )
