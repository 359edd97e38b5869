"""The leaks of one category in one month, down to the visit tokens."""

from starlette.exceptions import HTTPException

from dashboards.here import Here
from dashboards.paging import Part
from dashboards.reading import rows
from dashboards.templating import page


def html(here: Here, period: str, category: str, number: int) -> str:
    """Render one part of the list; raises HTTPException 404 when the category has no leak in that month."""
    asked = {"period": period, "category": category}
    total = next((row for row in rows(here, "leak_totals", asked) if row["category"] == category), None)
    if total is None:
        raise HTTPException(404, "This category has no leak in this month.")
    part = Part.of(total["count"], number)
    found = rows(here, "leaks_of_category", {**asked, "size": part.size, "skipped": part.skipped})
    return page(here, "leak.html", period=period, category=category, total=total, leaks=found, part=part)
