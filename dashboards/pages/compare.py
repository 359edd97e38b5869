"""Two times of one month side by side, and what lies between them."""

from collections.abc import Iterable
from typing import NamedTuple

from dashboards.here import Frame, Here
from dashboards.reading import Row, told
from dashboards.templating import page


class Side(NamedTuple):
    """What one time says of a month: its name in words, and amounts in cents by figure and by account."""

    words: str
    measures: dict[str, int]
    accounts: dict[str, int]


class Line(NamedTuple):
    """A figure at two times, in cents; None where it is not told, or there is nothing of it."""

    name: str
    left_cents: int | None
    right_cents: int | None

    @property
    def difference_cents(self) -> int | None:
        """What came in between; None where one side says nothing."""
        if self.left_cents is None or self.right_cents is None:
            return None
        return self.right_cents - self.left_cents


def side(here: Here, period: str) -> Side:
    """Read what a time says of a month."""
    asked = {"period": period}
    return Side(
        here.as_of.words if here.as_of else "as now",
        _by_name(told(here, "measures", asked), "measure", "amount_cents"),
        _by_name(told(here, "accounts_of_month", asked), "account", "movement_cents"),
    )


def html(frame: Frame, period: str, sides: tuple[Side, Side] | None) -> str:
    """Render the page; without two sides it only asks for them."""
    left, right = sides or (None, None)
    return page(
        frame,
        "compare.html",
        period=period,
        left=left,
        right=right,
        measures=lines(left.measures, right.measures) if left and right else [],
        accounts=lines(left.accounts, right.accounts) if left and right else [],
    )


def lines(left: dict[str, int], right: dict[str, int]) -> list[Line]:
    """Put two times side by side: what differs first, the largest difference before, then what is equal by name."""
    found = (Line(name, left.get(name), right.get(name)) for name in left.keys() | right.keys())
    return sorted(found, key=lambda line: (line.difference_cents == 0, -abs(line.difference_cents or 0), line.name))


def _by_name(rows: Iterable[Row] | None, name: str, cents: str) -> dict[str, int]:
    return {row[name]: row[cents] for row in rows or ()}
