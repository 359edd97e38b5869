"""The leak report: what is at stake, whose it is, how it goes by month, and the leaks one by one."""

from http import HTTPStatus
from typing import NamedTuple

from starlette.exceptions import HTTPException

from dashboards import leak_work
from dashboards.here import Here
from dashboards.leak_choice import DIMENSIONS, NONE, WORK, Choice
from dashboards.leak_guide import guide, known
from dashboards.leak_trend import Month, trend
from dashboards.leak_words import because
from dashboards.paging import Part
from dashboards.reading import Row, rows, told
from dashboards.templating import page

UNNAMED = {
    "payer": "No payer: self-pay, or no visit of ours",
    "provider": "No provider of ours",
    "practice": "No practice: no visit of ours",
    "age": "No day",
    "period": "No month",
}


class Sums(NamedTuple):
    """All that was chosen: how many leaks, of which without a price, and cents to be had, owed to others, dismissed."""

    leaks: int
    unpriced: int
    at_stake_cents: int
    liability_cents: int
    waiting: int
    dismissed: int
    dismissed_cents: int


def html(here: Here, choice: Choice, number: int) -> str:
    """Render the report; raises HTTPException: 400 for what cannot be asked, 404 for what there is not."""
    _check(choice)
    groups = _groups(here, choice)
    months = rows(here, "leak_groups", choice.values | {"by": "period"})
    drawn = [Month(row["name"], row["at_stake_cents"], row["liability_cents"]) for row in months if row["name"]]
    part = Part.of(_count(groups, choice.work), number)
    return page(
        here,
        "leaks.html",
        choice=choice,
        groups=groups,
        sums=_summed(groups),
        trend=trend(sorted(drawn)),
        leaks=_listed(here, choice, part),
        part=part,
        dimensions=DIMENSIONS,
        works=WORK,
        label=label,
        is_worked=all(group["waiting"] is not None for group in groups),
    )


def label(dimension: str, value: str | None) -> str:
    """Return what a value of a dimension is called."""
    if value is None or value == NONE:
        return UNNAMED.get(dimension, NONE)
    return guide(value).title if dimension == "category" else f"{value} days" if dimension == "age" else value


def _check(choice: Choice) -> None:
    if choice.by not in DIMENSIONS:
        raise HTTPException(HTTPStatus.BAD_REQUEST, f"Leaks are added up by {', '.join(DIMENSIONS)}.")
    if choice.work not in WORK:
        raise HTTPException(HTTPStatus.BAD_REQUEST, f"work is one of {', '.join(filter(None, WORK))}.")
    if choice.category and not known(choice.category):
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such category of leaks.")


def _groups(here: Here, choice: Choice) -> list[Row]:
    """Return the sums by the dimension, each with what of it was taken up; None where that cannot be told."""
    worked = told(here, "leak_work_sums", choice.values)
    by_name = {row["name"]: row for row in worked or ()}
    nothing: Row = dict.fromkeys(("waiting", "resolved", "dismissed", "dismissed_cents"), None if worked is None else 0)
    return [{**nothing, **by_name.get(row["name"], {}), **row} for row in rows(here, "leak_groups", choice.values)]


def _summed(groups: list[Row]) -> Sums:
    return Sums(*(sum(group[name] or 0 for group in groups) for name in Sums._fields))


def _count(groups: list[Row], work: str) -> int:
    """Return how many leaks there are to list, by what is done about them."""
    if not work:
        return sum(group["leaks"] for group in groups)
    if work == "nobody":
        return sum(group["leaks"] - sum(group[each] or 0 for each in leak_work.STATES) for group in groups)
    return sum(group[work] or 0 for group in groups)


def _listed(here: Here, choice: Choice, part: Part) -> list[Row]:
    asked = choice.values | leak_work.chosen(here, choice.work)
    found = rows(here, "leaks_chosen", asked | {"size": part.size, "skipped": part.skipped})
    refused = _refusals(here, found)
    work = leak_work.of_leaks(here, [row["leak_id"] for row in found])
    return [
        row
        | {
            "because": because(row["category"], row["evidence"]),
            "reasons": refused.get(row["visit_token"], []) if row["category"] == "denied" else [],
            "work": work.get(row["leak_id"]),
        }
        for row in found
    ]


def _refusals(here: Here, leaks: list[Row]) -> dict[object, list[Row]]:
    """Return why payers refuse the visits of denials, by visit."""
    tokens = [row["visit_token"] for row in leaks if row["category"] == "denied"]
    found = told(here, "refusals", {"tokens": tokens}) if tokens else None
    by_visit: dict[object, list[Row]] = {}
    for row in found or ():
        by_visit.setdefault(row["visit_token"], []).append(row)
    return by_visit
