"""The page of a month: what was earned, what came in, what is missing, what to do first; each figure has its rows."""

from collections import defaultdict
from collections.abc import Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

from starlette.exceptions import HTTPException

from dashboards import compared, sections
from dashboards.checks import Check, checks
from dashboards.definitions import definitions
from dashboards.desk import Connection
from dashboards.first import what_first
from dashboards.here import Here
from dashboards.months import a_year_before, before
from dashboards.reading import Row, restricted, rows, told
from dashboards.templating import page
from dashboards.waterfall import Waterfall, of_measures, waterfall

LISTED = 200  # leaks of a category in the file that stands alone
_DEFINED = (
    *(
        "revenue_waterfall",
        "month_ratios",
        "month_summary",
        "visit_revenue",
        "mrr_movements",
        "cash_by_day",
        "ar_ageing",
    ),
    *("lag_triangle", "payer_scorecard"),
)


def html(here: Here, period: str | None, practice: str | None = None) -> str:
    """Render the page served at / and /months/{period}; None = the newest month that brought revenue.

    With a practice the figures are its own. Raises HTTPException 404 when there are none.
    """
    practice = here.reader.practice_id or practice
    return page(here, "month.html", listed={}, **_values(here, period, practice))


def render(connection: Connection, period: str | None) -> str:
    """Render the month as one HTML file that needs no server: stylesheet and leaks inside, read as trueup_reader."""
    with restricted(connection):
        here = Here(connection=connection)
        values = _values(here, period, None)
        found = rows(here, "leaks_listed", {"period": values["period"], "listed": LISTED})
    listed = {category: list(leaks) for category, leaks in groupby(found, key=itemgetter("category"))}
    return page(here, "month.html", standalone=True, listed=listed, **values)


def _values(here: Here, period: str | None, practice: str | None) -> dict[str, Any]:
    chosen, known = _months(here, period, practice)
    times = (chosen, before(chosen), a_year_before(chosen))
    measures = _measures(here, times, practice)
    if not measures[chosen]:
        raise HTTPException(404, _no_month(known))
    amounts = [{name: row["amount_cents"] for name, row in measures[time].items()} for time in times]
    steps = _steps(here, times, amounts, practice)
    drawn = waterfall(steps[0])
    leaks = _leaks(measures[chosen])
    of_all = {} if practice else _of_all_practices(here, chosen, drawn)
    failing = [check for check in of_all.get("checks") or [_sum_check(drawn)] if check.difference_cents]
    counted = [
        {name: row["count"] if name == "visits" else row["amount_cents"] for name, row in measures[time].items()}
        for time in times
    ]
    return {
        "period": chosen,
        "times": times,
        "periods": known,
        "practice": practice,
        "of_practice": None if here.reader.practice_id else practice,
        "defined": definitions(here, _DEFINED),
        "amounts": amounts[0],
        "counts": {name: row["count"] for name, row in measures[chosen].items()},
        # A month into which only memos or late entries were posted has no visit, and so no step.
        "steps": defaultdict(int, steps[0]),
        "rows_of": compared.rows_of_steps(chosen, practice),
        "lines": compared.lines(chosen, practice, steps, counted, _ratios(here, times, practice)),
        "waterfall": drawn,
        "leaks": leaks,
        "failing": failing,
        "first": what_first(chosen, leaks, of_all.get("waiting"), len(failing)),
        **dict.fromkeys(_ONLY_OF_ALL),
        **of_all,
    }


_ONLY_OF_ALL = (
    *("memo_totals", "denials", "ties", "open_points", "checks", "beside", "cash", "owed", "triangle", "scorecard"),
    *("practices", "closed", "closed_as"),
)


def _of_all_practices(here: Here, period: str, drawn: Waterfall) -> dict[str, Any]:
    """Read what is told of the books of all practices only; None stands for what cannot be told as of here's time."""
    asked = {"period": period}
    open_points = told(here, "open_points")
    closed = next(iter(told(here, "closed", asked) or ()), None)
    found_checks = None if open_points is None else [_sum_check(drawn), *checks(here)]
    return {
        "memo_totals": told(here, "memo_totals", asked),
        "denials": told(here, "denials", asked),
        "ties": told(here, "tie_totals"),
        "open_points": open_points[0] if open_points else None,
        "closed": closed,
        "closed_as": closed["version"] if closed and here.desk.times and not here.as_of else None,
        "waiting": next(iter(told(here, "waiting", asked) or ()), None),
        "checks": found_checks,
        "beside": sections.beside(here, period),
        "cash": sections.cash(here, period),
        "owed": sections.owed(here),
        "triangle": sections.triangle(here, period),
        "scorecard": told(here, "scorecard", asked),
        "practices": told(here, "practices_of_month", asked),
    }


def _months(here: Here, period: str | None, practice: str | None) -> tuple[str, list[str]]:
    periods = rows(here, "periods_of_practice", {"practice": practice}) if practice else rows(here, "periods")
    known = [row["period"] for row in periods]
    chosen = period or next((row["period"] for row in periods if row["has_revenue"]), known[0] if known else None)
    if chosen is None or chosen not in known:
        raise HTTPException(404, _no_month(known))
    return chosen, known


def _measures(here: Here, times: tuple[str, ...], practice: str | None) -> Mapping[str, Mapping[str, Row]]:
    asked = {"periods": list(times), "practice": practice}
    found: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in rows(here, "practice_measures" if practice else "measures_of_months", asked):
        found[row["period"]][row["measure"]] = row
    return found


def _steps(
    here: Here, times: tuple[str, ...], measures: list[dict[str, int]], practice: str | None
) -> list[Mapping[str, int]]:
    """Give the waterfall of each time; worked out from its measures where no waterfall is kept."""
    kept = None if practice else told(here, "steps", {"periods": list(times)})
    if kept is None:
        return [of_measures(each) if each else {} for each in measures]
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for row in kept:
        found[row["period"]][row["step"]] = row["amount_cents"]
    return [found[time] for time in times]


def _ratios(here: Here, times: tuple[str, ...], practice: str | None) -> list[Mapping[str, Row]]:
    kept = [] if practice else told(here, "ratios", {"periods": list(times)}) or []
    return [{row["measure"]: row for row in kept if row["period"] == time} for time in times]


def _leaks(measures: Mapping[str, Row]) -> list[dict[str, Any]]:
    found = [
        {"category": name.removeprefix("leak_"), "count": row["count"], "amount_cents": row["amount_cents"]}
        for name, row in measures.items()
        if name.startswith("leak_") and row["count"]
    ]
    return sorted(found, key=lambda leak: (-abs(leak["amount_cents"]), leak["category"]))


def _sum_check(drawn: Waterfall) -> Check:
    worst = max(drawn.sums, key=lambda each: abs(each.residual_cents))
    return Check(f"This month: {worst.what}", worst.shown_cents, "The steps that lead to it", worst.explained_cents)


def _no_month(known: list[str]) -> str:
    if not known:
        return "There are no figures yet. Load your files and run trueup reconcile, or run trueup demo."
    return f"This month has no figures. There are figures from {known[-1]} to {known[0]}."
