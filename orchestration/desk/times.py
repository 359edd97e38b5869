"""The dashboards' other times: marts as they were known at the end of a day, or as a closing of a month kept them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from psycopg import sql

from ledger.store import periods
from orchestration import as_known, published

if TYPE_CHECKING:
    from dashboards.desk import Connection, Reader, Relations
    from orchestration.published import Table


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Times:
    """Other times of books that are kept in a time zone (an IANA name)."""

    timezone: str
    clock: Callable[[], datetime] = utc_now

    def tables_known(self, connection: "Connection", day: date, period: str | None) -> dict[str, "Table"]:
        """Give the tables as they were known at the end of a day; more of them for a month that was closed then.

        Raises ValueError with a sentence for a day to come.
        """
        today = self.clock().astimezone(ZoneInfo(self.timezone)).date()
        if day > today:
            raise ValueError(f"{day} is still to come: nothing is known of it. Today is {today}.")
        found = as_known.as_known(connection, day, self.timezone)
        stood = as_known.closings_known(connection, as_known.end_of(day, self.timezone))
        if period and (version := stood.pop(period, None)):
            kept = published.as_closed(connection, period, version, beside=stood)
            found |= {name: kept[name] for name in published.STAYING & kept.keys() - found.keys()}
        return found

    def tables_closed(self, connection: "Connection", period: str, version: int) -> dict[str, "Table"]:
        """Give the tables as a closing kept them, with what stood then of the months that were closed before.

        Raises LookupError with a sentence when there is no such closing.
        """
        if (closed_at := periods.closings(connection, period).get(version)) is None:
            raise LookupError(f"{period} has no version {version}.")
        stood = as_known.closings_known(connection, before=closed_at)
        return published.as_closed(connection, period, version, beside=stood)

    def as_known(self, connection: "Connection", reader: "Reader", day: date, period: str | None) -> "Relations":
        """Tell the marts as they were known at the end of a day."""
        return _lent(connection, reader, self.tables_known(connection, day, period))

    def as_closed(self, connection: "Connection", reader: "Reader", period: str, version: int) -> "Relations":
        """Tell the marts as a closing of a month kept them."""
        return _lent(connection, reader, self.tables_closed(connection, period, version))

    def closings(self, connection: "Connection", period: str) -> Mapping[int, date]:
        """Tell on which day each version of a month was closed."""
        zone = ZoneInfo(self.timezone)
        return {
            version: at.astimezone(zone).date() for version, at in sorted(periods.closings(connection, period).items())
        }


def of_reader(tables: Mapping[str, "Table"], reader: "Reader") -> dict[str, "Table"]:
    """Give what a reader may see of tables: of one practice its own rows, where a table says whose they are."""
    if reader.practice_id is None:
        return dict(tables)
    own = sql.SQL("practice_id = {}").format(reader.practice_id).as_string()
    return {
        name: replace(table, relation=f"(select * from {table.relation} as of_every_practice where {own})")
        for name, table in tables.items()
        if any(column.name == "practice_id" for column in table.columns)
    }


def _lent(connection: "Connection", reader: "Reader", tables: Mapping[str, "Table"]) -> "Relations":
    """Make the tables readable in the roles of the pages, as views that end with the connection.

    A view is read with its maker's rights, so those roles need none on the journal, on raw or on what closings kept.
    """
    statements, names = [], {}
    for name, table in of_reader(tables, reader).items():
        view = names[name] = f"pg_temp.{published.quoted(f'told_{name}')}"
        columns = ", ".join(column.reference for column in table.columns)
        statements += [
            f"create temporary view {view} as select {columns} from {table.relation} as r",
            f"grant select on {view} to trueup_reader, trueup_practice_reader",
        ]
    if statements:
        connection.execute(";\n".join(statements).encode())
    return names
