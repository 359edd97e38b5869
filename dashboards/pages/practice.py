"""How a practice works: sessions, providers, missed visits, new patients, failed charges, and what is owed."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from starlette.exceptions import HTTPException

from dashboards.here import Here
from dashboards.paging import SIZE, Part
from dashboards.reading import Row, rows, told
from dashboards.templating import page
from dashboards.trend import Bar, bars, year_to

NOBODY_KNOWS = "\N{EN DASH}"
WHO_OWES = {"patients": "Patients", "payers": "Payers", "unbilled": "Nobody was asked yet"}


class Measure(NamedTuple):
    """A figure of a month: its column, its name, what it is in one sentence, and how it is written."""

    column: str
    name: str
    definition: str
    written: Callable[[Any], str]


class Drawn(NamedTuple):
    """A figure month by month."""

    measure: Measure
    bars: list[Bar]
    said: str


def number(value: int | None) -> str:
    """Write a whole number, 1234 as "1,234"; None, which nobody knows, as a dash."""
    return NOBODY_KNOWS if value is None else f"{value:,}"


def share(basis_points: Decimal | None) -> str:
    """Write exact basis points as a share: 328.8201 as "3.3 %"."""
    return NOBODY_KNOWS if basis_points is None else f"{basis_points / 100:.1f} %"


def hours(minutes: int | None) -> str:
    """Write minutes as hours: 90 as "1.5 h"."""
    return NOBODY_KNOWS if minutes is None else f"{Decimal(minutes) / 60:,.1f} h"


def days(value: int | None) -> str:
    """Write a number of days."""
    return NOBODY_KNOWS if value is None else f"{value:,} {'day' if value == 1 else 'days'}"


MEASURES = (
    Measure("held_visits", "Sessions", "Visits that took place, whole or in part.", number),
    Measure("no_show_bp", "No-show rate", "No-shows of all visits that were due and not cancelled in time.", share),
    Measure(
        "late_cancel_bp",
        "Late-cancel rate",
        "Late cancellations of all visits that were due and not cancelled in time.",
        share,
    ),
    Measure("utilisation_bp", "Utilisation", "Booked minutes of the minutes that calendars offered.", share),
    Measure(
        "median_days_to_first_session",
        "Sign-up to first session",
        "Days between the two, for the middle one of the patients first seen in the month.",
        days,
    ),
    Measure(
        "recovery_bp", "Failed charges recovered", "Of charges that failed, the dollars that came in afterwards.", share
    ),
)


def html(here: Here, practice: str | None, period: str | None, number_of_part: int) -> str:
    """Render a practice; without one the reader's own, else the first of those they may see.

    Raises HTTPException 404 for a practice or a month of which the reader's books know nothing.
    """
    practices = [row["practice_id"] for row in rows(here, "practices")]
    chosen = practice or here.reader.practice_id or (practices[0] if practices else None)
    if chosen is None:
        raise HTTPException(404, "No practice has a visit in the books yet.")
    if chosen not in practices:
        raise HTTPException(404, "The books know no visit of this practice.")
    found = rows(here, "practice_months", {"practice": chosen})
    month = _month(found, period)
    asked = {"practice": chosen, "period": month["period"]}
    providers, part = _providers(here, asked, number_of_part)
    owed = told(here, "practice_owed", {"practice": chosen})
    return page(
        here,
        "practice.html",
        practice=chosen,
        practices=practices,
        month=month,
        found=found,
        drawn=_drawn(found),
        measures=MEASURES,
        providers=providers,
        part=part,
        owed=owed,
        who_owes=WHO_OWES,
        hours=hours,
        share=share,
        number=number,
        days=days,
    )


def _month(found: list[Row], period: str | None) -> Row:
    """Return the month that was asked for, else the newest in which anything was due, else the newest."""
    if period is not None:
        month = next((row for row in found if row["period"] == period), None)
        if month is None:
            raise HTTPException(404, "There is nothing of this practice in that month, or it is more than a year ago.")
        return month
    if not found:
        raise HTTPException(404, "There is no month of this practice yet.")
    return next((row for row in found if row["due_visits"]), found[0])


def _drawn(found: list[Row]) -> list[Drawn]:
    """Draw the year that ends with the newest month; what nobody counts here is left out."""
    periods = year_to(found[0]["period"])
    by_period = {row["period"]: row for row in found}
    counted = [each for each in MEASURES if any(row[each.column] is not None for row in found)]
    return [_of(measure, periods, by_period) for measure in counted]


def _of(measure: Measure, periods: list[str], by_period: dict[str, Row]) -> Drawn:
    values = {period: by_period[period][measure.column] if period in by_period else None for period in periods}
    whole = {period: None if value is None else round(value) for period, value in values.items()}
    said = "; ".join(f"{period}: {measure.written(value)}" for period, value in values.items() if value is not None)
    return Drawn(measure, bars(whole, periods), said)


def _providers(here: Here, asked: dict[str, str], number_of_part: int) -> tuple[list[Row], Part]:
    skipped = max(number_of_part - 1, 0) * SIZE
    found = rows(here, "practice_providers", {**asked, "size": SIZE, "skipped": skipped})
    return found, Part.of(found[0]["providers"] if found else 0, number_of_part)
