"""Months as columns: what is at stake above the line, what is owed to others below it."""

from collections.abc import Sequence
from typing import NamedTuple

WIDTH, HEIGHT = 1000, 160
GAP, _WIDEST = 6, 80
_LEAST = 2
"""An amount that is not nothing is seen: so high at least."""


class Month(NamedTuple):
    """A month's amounts in cents; liabilities are 0 or below."""

    period: str
    at_stake_cents: int
    liability_cents: int


class Column(NamedTuple):
    """A month's place in a box of WIDTH and HEIGHT: x and width, the two bars' heights, from the line up and down."""

    month: Month
    x: int
    width: int
    above: int
    below: int


class Trend(NamedTuple):
    """The columns, where zero lies from above, and the largest amount at stake of a month, in cents."""

    columns: tuple[Column, ...]
    zero: int
    largest_cents: int


def trend(months: Sequence[Month]) -> Trend:
    """Draw months, in their order, all to one scale."""
    up = max((month.at_stake_cents for month in months), default=0)
    down = max((-month.liability_cents for month in months), default=0)
    reach = max(up + down, 1)
    zero = HEIGHT - HEIGHT * down // reach

    def high(cents: int, room: int) -> int:
        return min(max(HEIGHT * cents // reach, _LEAST), room) if cents else 0

    step = WIDTH // max(len(months), 1)
    width = max(min(step - GAP, _WIDEST), 1)
    columns = tuple(
        Column(
            month,
            place * step + (step - width) // 2,
            width,
            high(month.at_stake_cents, zero),
            high(-month.liability_cents, max(HEIGHT - zero, _LEAST)),
        )
        for place, month in enumerate(months)
    )
    return Trend(columns, zero, up)
