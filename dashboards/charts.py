"""Columns of amounts as a drawing: places and heights in units, which a template turns into SVG."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

WIDTH, HEIGHT = 1000, 200
_STEPS = (1, 2, 5, 10)
_DOLLAR = 100
_APART = 14  # units between two ticks whose amounts can both be read


class Block(NamedTuple):
    """A part of a column: the series and the place it stands for, its amount (cents), and where it is drawn."""

    series: str
    place: int
    amount_cents: int
    x: int
    y: int
    width: int
    height: int


class Tick(NamedTuple):
    """A line across with its amount (cents)."""

    y: int
    amount_cents: int


class Columns(NamedTuple):
    """The blocks of a chart of WIDTH by HEIGHT units and its ticks, the highest first; zero is always one of them."""

    blocks: tuple[Block, ...]
    ticks: tuple[Tick, ...]


def columns(places: Sequence[Mapping[str, int]]) -> Columns:
    """Stack the amounts of each place (cents by series): what came in upwards from zero, what went back downwards.

    No block is lost to rounding: what is not zero is drawn at least one unit high.
    """
    highest = max((sum(cents for cents in place.values() if cents > 0) for place in places), default=0)
    lowest = min((sum(cents for cents in place.values() if cents < 0) for place in places), default=0)
    top, bottom = nice(highest), -nice(-lowest)
    reach = (top - bottom) or 1

    def y(cents: int) -> int:
        return (top - cents) * HEIGHT // reach

    pitch = WIDTH / max(len(places), 1)
    blocks = []
    for number, place in enumerate(places):
        levels = {True: 0, False: 0}
        for series, cents in place.items():
            if cents:
                start = levels[cents > 0]
                levels[cents > 0] = end = start + cents
                upper, lower = y(max(start, end)), y(min(start, end))
                x = round(number * pitch + pitch * 0.14)
                blocks.append(
                    Block(series, number, cents, x, upper, max(round(pitch * 0.72), 2), max(lower - upper, 1))
                )
    amounts = {top, top // 2, 0, *({bottom} if HEIGHT - y(0) >= _APART else ())}
    return Columns(tuple(blocks), tuple(Tick(y(cents), cents) for cents in sorted(amounts, reverse=True)))


def nice(cents: int) -> int:
    """Round up to 1, 2 or 5 times a power of ten dollars, in cents; 0 stays."""
    if cents <= 0:
        return 0
    power = _DOLLAR
    while power * _STEPS[-1] < cents:
        power *= _STEPS[-1]
    return next(power * step for step in _STEPS if power * step >= cents)
