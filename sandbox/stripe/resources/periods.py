"""Periods of a subscription: counted from its anchor, so that the 31st comes back after a short month."""

import calendar
from datetime import UTC, datetime

from sandbox.stripe.values import Obj

_DAY = 24 * 3600


def after(anchor: int, recurring: Obj, periods: int) -> int:
    """Return the time that many periods after the anchor, in seconds; a day that a month lacks is its last."""
    count: int = recurring["interval_count"] * periods
    match recurring["interval"]:
        case "day":
            return anchor + count * _DAY
        case "week":
            return anchor + count * 7 * _DAY
        case "month":
            return _months_after(anchor, count)
        case _:
            return _months_after(anchor, count * 12)


def _months_after(anchor: int, months: int) -> int:
    start = datetime.fromtimestamp(anchor, UTC)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return int(start.replace(year=year, month=month + 1, day=day).timestamp())
