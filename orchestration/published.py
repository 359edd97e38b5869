"""What is published: every table, the part of it that is of a month, and what a closing kept of that."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from psycopg import sql

from dashboards import cutting
from ledger.store import closed_figures, periods

if TYPE_CHECKING:
    import psycopg

JSON_TYPES = frozenset({"json", "jsonb"})
INTEGER_TYPES = frozenset({"smallint", "integer", "bigint"})
TEXT_TYPES = frozenset({"text", "character varying", "character"})
MOMENT = "timestamp with time zone"
_KEPT_TYPES = JSON_TYPES | INTEGER_TYPES | {"boolean", "date", "uuid", "numeric", MOMENT}

# The month of a row is the first of these that its table has, or else that of the first of the days it has; a table
# without any is kept whole, as it stood.
_MONTH_COLUMNS = ("period", "service_period")
_DAY_COLUMNS = ("paid_on", "arrives_on", "happened_on", "deposited_on")
# The journal is only ever added to, and never to a closed month: it needs no copy.
_STAYS = "revenue_feed"
# The bridge leads from closed months to now; pieces that wait for somebody, feeds and runs are no figures; a story and
# the claims of a remittance tell over again what stands in the other tables.
_OF_NO_MONTH = frozenset(
    {
        *("close_bridge", "closed_months", "quarantine", "remit_claims", "visit_story", "worklist"),
        *("worklist_entries", "contract_results", "feed_files", "feed_partitions", "feed_status", "reconcile_runs"),
    }
)
# What these say of a closed month is what its closing kept: it is known as of every day until a reopening.
STAYING = frozenset(
    {
        *("cash_by_day", "denials", "month_ratios", "month_summary", "mrr_movements", "payer_scorecard", "pos_mix"),
        *("pos_variance", "practice_months", "practice_summary", "provider_months", "revenue_waterfall"),
        "underpayments",
    }
)


@dataclass(frozen=True)
class Column:
    """A column and its PostgreSQL type (as information_schema names it)."""

    name: str
    type: str

    @property
    def reference(self) -> str:
        """The column in the select of `Table.query`."""
        return f"r.{quoted(self.name)}"

    @property
    def order(self) -> str:
        """What rows are ordered by: text by its bytes, so that equal tables give equal files on every machine."""
        if self.type in TEXT_TYPES:
            return f'{self.reference} collate "C"'
        if self.type in JSON_TYPES:
            return f'{self.reference}::text collate "C"'
        return self.reference


@dataclass(frozen=True)
class Table:
    """A table that can be exported: `relation` is the SQL it is read from.

    Rows come ordered by every column, or by `place` where the relation has that column.
    """

    name: str
    columns: tuple[Column, ...]
    relation: str
    placed: bool = False

    def query(self, expression: Callable[[Column], str]) -> str:
        """Give the select of all rows in their one order: equal tables give equal files."""
        chosen = ", ".join(f"{expression(column)} as {quoted(column.name)}" for column in self.columns)
        order = "r.place" if self.placed else ", ".join(column.order for column in self.columns)
        return f"select {chosen} from {self.relation} as r order by {order}"


def tables(connection: "psycopg.Connection") -> dict[str, Table]:
    """Give what can be exported: every table of schema marts, nothing but the quarantine before the first reconcile.

    The quarantine is read where it arises, since its mart is as old as the last reconcile.
    """
    quarantine = _read(connection, "raw", "open_quarantine")["open_quarantine"]
    return _read(connection, "marts", None) | {"quarantine": replace(quarantine, name="quarantine")}


def of_month(connection: "psycopg.Connection", period: str) -> dict[str, Table]:
    """Give, of every table, what is of an open month: what its closing would keep."""
    return {name: cut(table, period) for name, table in tables(connection).items() if name not in _OF_NO_MONTH}


def as_closed(
    connection: "psycopg.Connection", period: str, version: int, beside: Mapping[str, int] | None = None
) -> dict[str, Table]:
    """Give the tables as a closing of a month kept them.

    `beside`: of other months, the closing whose rows stand in the tables too, where those tables stay as closed.
    """
    found = {
        name: Table(
            name,
            tuple(Column(*column) for column in frozen.columns),
            closed_figures.relation(period, version, frozen, *(beside.items() if beside and name in STAYING else ())),
            placed=not beside,
        )
        for name, frozen in closed_figures.tables(connection, period, version).items()
    }
    if _STAYS in found:
        found[_STAYS] = replace(found[_STAYS], relation=_posted(connection, period, version), placed=False)
    return found


def is_sound(connection: "psycopg.Connection", period: str, version: int, table: Table) -> bool:
    """Say whether a table that a closing kept is still, row for row, the one it sealed."""
    sealed = closed_figures.tables(connection, period, version)[table.name]
    rows = to_keep(table).rows if table.name == _STAYS else None
    return closed_figures.stands(connection, period, version, sealed, rows)


def to_keep(table: Table) -> closed_figures.Published:
    """Give a table as a closing keeps it; a type of ours is kept as its text."""
    types = {column: column.type if column.type in _KEPT_TYPES else "text" for column in table.columns}
    rows = table.query(lambda column: f"{column.reference}{'::text' if types[column] == 'text' else ''}")
    columns = tuple((column.name, kind) for column, kind in types.items())
    return closed_figures.Published(table.name, columns, rows, stays=table.name == _STAYS)


def quoted(name: str) -> str:
    """Give a name as PostgreSQL takes it whatever is in it."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def _read(connection: "psycopg.Connection", schema: str, name: str | None) -> dict[str, Table]:
    # The bookkeeping columns of raw are nobody's business outside (they differ between equal books).
    rows = connection.execute(
        "select table_name, column_name, data_type from information_schema.columns"
        " where table_schema = %(schema)s and table_name = coalesce(%(name)s, table_name)"
        " and not (table_schema = 'raw' and column_name in ('load_id', 'recorded_at'))"
        " order by table_name, ordinal_position",
        {"schema": schema, "name": name},
    )
    found: dict[str, list[Column]] = {}
    for table, column, kind in rows:
        found.setdefault(table, []).append(Column(column, kind))
    return {
        table: Table(table, tuple(columns), f"{quoted(schema)}.{quoted(table)}") for table, columns in found.items()
    }


def cut(table: Table, period: str) -> Table:
    """Give the part of a table that is of a month; all of one whose rows are of none."""
    names = {column.name for column in table.columns}
    days = [quoted(name) for name in _DAY_COLUMNS if name in names]
    months = [quoted(name) for name in _MONTH_COLUMNS if name in names]
    if days:
        months.append(f"to_char(coalesce({', '.join(days)}), 'YYYY-MM')")
    if not months:
        return table
    where = sql.Literal(period).as_string()
    return replace(table, relation=f"(select * from {table.relation} where {months[0]} = {where})")


def chosen(table: Table, where: Mapping[str, Sequence[str]]) -> Table:
    """Give the rows of a table that have these values, in the words of dashboards.cutting.

    Raises cutting.NoSuchColumn.
    """
    if not where:
        return table
    condition = cutting.condition(where, {column.name: column.type for column in table.columns})
    return replace(table, relation=f"(select * from {table.relation} as whole where {condition.as_string()})")


def _posted(connection: "psycopg.Connection", period: str, version: int) -> str:
    """Give the journal lines of a month that stood when it was closed; a reopened month takes further ones."""
    closed_at = periods.closings(connection, period)[version]
    return (
        sql.SQL("(select * from marts.revenue_feed where period = {} and recorded_at <= {})")
        .format(period, closed_at)
        .as_string()
    )
