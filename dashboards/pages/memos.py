"""The memo register."""

from dashboards.paging import Part
from dashboards.reading import Connection, rows
from dashboards.templating import page


def html(connection: Connection, number: int) -> str:
    """Render one part of the register, newest first; raises HTTPException 404 when there is no such part."""
    totals = rows(connection, "memo_totals", {"period": None})
    part = Part.of(sum(row["count"] for row in totals), number)
    found = rows(connection, "memos", {"size": part.size, "skipped": part.skipped})
    return page("memos.html", memos=found, totals=totals, part=part)
