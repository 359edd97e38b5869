"""Months as text, YYYY-MM: the one after, the last day, the first that is open."""

import re
from collections.abc import Collection
from datetime import date, timedelta

_MONTH = re.compile(r"(?!0000)[0-9]{4}-(0[1-9]|1[0-2])")


def is_month(text: str) -> bool:
    """Say whether the text is a month as the books write it."""
    return bool(_MONTH.fullmatch(text))


def month_of(day: date) -> str:
    """Return the month a day is in."""
    return f"{day.year:04}-{day.month:02}"


def following(month: str) -> str:
    """Return the month after this one."""
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12:04}-{number % 12 + 1:02}"


def last_day(month: str) -> date:
    """Return the last day of a month."""
    return date.fromisoformat(f"{following(month)}-01") - timedelta(days=1)


def first_open(month: str, closed: Collection[str]) -> str:
    """Return the posting month: the first month from this one on that is not closed."""
    while month in closed:
        month = following(month)
    return month


def month_before(day: date) -> str:
    """Return the last month that was over on a day."""
    return month_of(day.replace(day=1) - timedelta(days=1))
