"""What every raw asset does: count the partitions touched since the last run and write them down."""

import dagster as dg
from psycopg.rows import dict_row

from ledger.store.database import connect
from orchestration.defs.resources import Books
from orchestration.partitions import Part, described, record


def touched(books: Books, query: str) -> list[Part]:
    """List the partitions `query` gives (key, loaded_through, one column a total), touched after `books.since`.

    `query` takes `since` and `timezone`.
    """
    with connect(books.database) as connection, connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query, {"since": books.since, "timezone": books.timezone}).fetchall()
    return [Part(str(row.pop("key")), int(row.pop("loaded_through")), row) for row in rows]


def observed(
    context: dg.AssetExecutionContext, books: Books, partitions: str | None, totals: str
) -> dg.MaterializeResult[None]:
    """Record the partitions touched (`partitions`, see `touched`) and give the totals of the whole feed as metadata."""
    if partitions:
        record(context, touched(books, partitions))
    whole = touched(books, totals)[0]
    books.advance(f"raw {context.asset_key.path[-1]}")
    return dg.MaterializeResult(metadata=described(whole.totals))
