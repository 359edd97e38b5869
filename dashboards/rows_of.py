"""The rows that a figure is made of: any mart, cut by its own columns, with what each row adds to the figure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from psycopg import DataError, sql
from starlette.exceptions import HTTPException

from dashboards.cutting import ANY, NOT, TO, NoSuchColumn, condition
from dashboards.here import Here
from dashboards.paging import Part
from dashboards.reading import Row, read, rows

NOT_COLUMNS = frozenset({"adds", "of", "part", "as_of", "version", "said"})
"""What an address of rows may say beside columns."""

# What a reader needs to know a row by; a mart that is not listed shows all it has.
_SHOWN = {
    "visit_revenue": ("visit_token", "practice_id", "payer_id", "service_code", "state", "ended_on"),
    "cash": ("visit_token", "source_id", "practice_id", "payer_id", "service_period", "paid_on"),
    "memos": ("visit_token", "kind", "reason", "origin_period", "period", "posting_status"),
    "unified_revenue": ("customer_id",),
    "revenue_feed": ("visit_token", "source_kind", "account", "origin_period", "period", "effective_on"),
}


@dataclass(frozen=True)
class RowsOf:
    """Which rows a figure is made of.

    `where`: a value by column, in the words of dashboards.cutting.
    `adds`: the columns that each row adds to the figure, with a minus sign those it takes off; none where rows count.
    `of`: the figure's name as definitions know it (mart.figure).
    """

    mart: str
    adds: tuple[str, ...] = ()
    where: Mapping[str, str] = field(default_factory=dict)
    of: str = ""

    @property
    def query(self) -> dict[str, str]:
        """The rows as the query of an address says them."""
        said = {"of": self.of, "adds": ",".join(self.adds)}
        return {**{name: value for name, value in said.items() if value}, **self.where}

    @property
    def cut(self) -> dict[str, str | list[str]]:
        """The rows in the words of dashboards.cutting; of several columns that are added, zero rows stay in."""
        cut: dict[str, str | list[str]] = dict(self.where)
        if len(self.adds) == 1:
            name = self.adds[0].removeprefix("-")
            cut[name] = [NOT, f"{NOT}0", *([self.where[name]] if name in self.where else [])]
        return cut

    @classmethod
    def asked(cls, mart: str, query: Mapping[str, str]) -> "RowsOf":
        """Read the query of an address; nothing of it is trusted before `found`."""
        adds = tuple(filter(None, query.get("adds", "").split(",")))
        where = {name: value for name, value in query.items() if name not in NOT_COLUMNS}
        return cls(mart, adds, where, query.get("of", ""))


class Found(NamedTuple):
    """A part of the rows, the largest first, their columns, and what all of them add up to.

    `sum_cents` is None where nothing is added; each row then has no `adds_up`.
    """

    columns: tuple[str, ...]
    rows: list[Row]
    number: int
    sum_cents: int | None
    part: Part


def found(here: Here, asked: RowsOf, number: int) -> Found:
    """Read part `number` of the rows.

    Raises HTTPException 404 for a mart or a part that is not there, 400 for a column or value that is not the mart's.
    """
    types = {row["name"]: row["type"] for row in rows(here, "columns", {"mart": asked.mart})}
    if not types:
        raise HTTPException(404, "The books have no such table.")
    added, where, values = _added(asked.adds, types), *_conditions(asked.where, types)
    if asked.adds:
        # A column by itself can be looked up in an index of those that are not zero, a sum cannot.
        alone = sql.Identifier(asked.adds[0].removeprefix("-")) if len(asked.adds) == 1 else added
        where = sql.SQL("{} and {} <> 0").format(where, alone)
    cut = sql.SQL("from marts.{} as rows_of where {}").format(sql.SQL(asked.mart), where)
    total = sql.SQL("select count(*) as count, cast(sum({}) as bigint) as sum_cents {}").format(added, cut)
    try:
        (sums,) = read(here, total.as_string(here.connection), values)
    except DataError as wrong:
        said = (wrong.diag.message_primary or "a value cannot be read").capitalize()
        raise HTTPException(400, f"These rows cannot be chosen so: {said}.") from None
    part, columns = Part.of(sums["count"], number), _columns(asked, types)
    listed = sql.SQL("select {0}, {1} as adds_up {2} order by abs({1}) desc, {0} limit {3} offset {4}").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)), added, cut, sql.Literal(part.size), sql.Literal(part.skipped)
    )
    chosen = read(here, listed.as_string(here.connection), values)
    return Found(columns, chosen, sums["count"], (sums["sum_cents"] or 0) if asked.adds else None, part)


def _added(adds: tuple[str, ...], types: Mapping[str, str]) -> sql.Composable:
    parts: list[sql.Composable] = [sql.SQL("0")]
    for added in adds:
        name = added.removeprefix("-")
        if types.get(name) != "bigint":
            raise HTTPException(400, f"This table has no amount called “{name}”.")
        sign = sql.SQL("-" if added.startswith("-") else "+")
        parts.append(sql.SQL("{} coalesce({}, 0)").format(sign, sql.Identifier(name)))
    return sql.SQL("({})").format(sql.SQL(" ").join(parts))


def _conditions(where: Mapping[str, str], types: Mapping[str, str]) -> tuple[sql.Composable, dict[str, str]]:
    """Return the condition, and its values by name: a query takes what comes from outside as parameters."""
    values: dict[str, str] = {}

    def put(value: str) -> sql.Composable:
        name = f"value_{len(values)}"
        values[name] = value
        return sql.SQL(f"%({name})s")

    try:
        return condition({name: [value] for name, value in where.items()}, types, put), values
    except NoSuchColumn as wrong:
        raise HTTPException(400, str(wrong)) from None


def _columns(asked: RowsOf, types: Mapping[str, str]) -> tuple[str, ...]:
    known = _SHOWN.get(asked.mart, tuple(types))
    of_several = (name for name, value in asked.where.items() if value == ANY or TO in value)
    shown = (*known, *of_several, *(added.removeprefix("-") for added in asked.adds))
    return tuple(name for name in dict.fromkeys(shown) if name in types)
