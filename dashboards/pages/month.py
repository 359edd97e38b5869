"""The page of a month: headline, waterfall, leaks, memos, tie-outs, denials."""

from itertools import groupby
from operator import itemgetter
from typing import Any

from starlette.exceptions import HTTPException

from dashboards.checks import Check, checks
from dashboards.desk import Connection
from dashboards.here import Here
from dashboards.reading import one, restricted, rows
from dashboards.templating import page
from dashboards.waterfall import waterfall

SHOWN = 10  # memos on the page of the month; the register has them all
LISTED = 200  # leaks of a category in the file that stands alone


def html(here: Here, period: str | None) -> str:
    """Render the page served at / and /months/{period}; None = the newest month that brought revenue.

    Raises HTTPException 404 when the month has no figures.
    """
    return page(here, "month.html", listed={}, **_values(here, period))


def render(connection: Connection, period: str | None) -> str:
    """Render the month as one HTML file that needs no server: stylesheet and leaks inside, read as trueup_reader."""
    with restricted(connection):
        here = Here(connection=connection)
        values = _values(here, period)
        found = rows(here, "leaks_listed", {"period": values["period"], "listed": LISTED})
    listed = {category: list(leaks) for category, leaks in groupby(found, key=itemgetter("category"))}
    return page(here, "month.html", standalone=True, listed=listed, **values)


def _values(here: Here, period: str | None) -> dict[str, Any]:
    periods = rows(here, "periods")
    known = [row["period"] for row in periods]
    chosen = period or next((row["period"] for row in periods if row["has_revenue"]), known[0] if known else None)
    if chosen not in known:
        raise HTTPException(404, _no_month(known))
    asked = {"period": chosen}
    summary = {row["measure"]: row for row in rows(here, "measures", asked)}
    amounts = {measure: row["amount_cents"] for measure, row in summary.items()}
    drawn = waterfall(amounts)
    return {
        "period": chosen,
        "periods": known,
        "amounts": amounts,
        "counts": {measure: row["count"] for measure, row in summary.items()},
        "waterfall": drawn,
        "leaks": rows(here, "leak_totals", asked),
        "memos": rows(here, "memos_of_month", {**asked, "shown": SHOWN}),
        "memo_totals": rows(here, "memo_totals", asked),
        "denials": rows(here, "denials", asked),
        "ties": rows(here, "tie_totals"),
        "open_points": one(here, "open_points"),
        "checks": [_waterfall_check(drawn.outstanding_cents, drawn.residual_cents), *checks(here)],
    }


def _waterfall_check(outstanding_cents: int, residual_cents: int) -> Check:
    return Check(
        "This month: patient target less collected",
        outstanding_cents,
        "Gross charges less every step of the waterfall",
        outstanding_cents - residual_cents,
    )


def _no_month(known: list[str]) -> str:
    if not known:
        return "There are no figures yet. Load your files and run trueup reconcile, or run trueup demo."
    return f"This month has no figures. There are figures from {known[-1]} to {known[0]}."
