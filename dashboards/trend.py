"""A figure month by month, as bars: whole units of a drawing, no month left out."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

WIDTH, HEIGHT = 240, 64
MONTHS = 12
GAP = 3


class Bar(NamedTuple):
    """A month's bar, in units of the drawing from its upper left corner; None: nobody knows the figure."""

    period: str
    value: int | None
    left: int
    top: int
    width: int
    height: int


def year_to(last: str) -> list[str]:
    """List the twelve months that end with a month, all YYYY-MM."""
    year, month = map(int, last.split("-"))
    numbers = range(year * MONTHS + month - MONTHS, year * MONTHS + month)
    return [f"{number // MONTHS:04}-{number % MONTHS + 1:02}" for number in numbers]


def bars(values: Mapping[str, int | None], periods: Sequence[str]) -> list[Bar]:
    """Draw whole numbers, none below zero, from a common ground; the largest fills the height.

    A value above zero is never drawn as nothing.
    """
    most = max((values.get(period) or 0 for period in periods), default=0)
    step = WIDTH // max(len(periods), 1)
    drawn = []
    for place, period in enumerate(periods):
        value = values.get(period)
        height = max(value * HEIGHT // most, 1) if value and most else 0
        drawn.append(Bar(period, value, place * step, HEIGHT - height, max(step - GAP, 1), height))
    return drawn
