"""The memo register."""

from dashboards.here import Here
from dashboards.paging import Part
from dashboards.reading import rows
from dashboards.templating import page


def html(here: Here, number: int) -> str:
    """Render one part of the register, newest first; raises HTTPException 404 when there is no such part."""
    totals = rows(here, "memo_totals", {"period": None})
    part = Part.of(sum(row["count"] for row in totals), number)
    found = rows(here, "memos", {"size": part.size, "skipped": part.skipped})
    return page(here, "memos.html", memos=found, totals=totals, part=part)
