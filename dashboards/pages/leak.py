"""The leaks of one category in one month, down to the visit tokens."""

from starlette.exceptions import HTTPException

from dashboards.paging import Part
from dashboards.reading import Connection, rows
from dashboards.templating import page


def html(connection: Connection, period: str, category: str, number: int) -> str:
    """Render one part of the list; raises HTTPException 404 when the category has no leak in that month."""
    asked = {"period": period, "category": category}
    total = next((row for row in rows(connection, "leak_totals", asked) if row["category"] == category), None)
    if total is None:
        raise HTTPException(404, "This category has no leak in this month.")
    part = Part.of(total["count"], number)
    found = rows(connection, "leaks_of_category", {**asked, "size": part.size, "skipped": part.skipped})
    return page("leak.html", period=period, category=category, total=total, leaks=found, part=part)
