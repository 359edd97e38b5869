"""Months as the books write them: YYYY-MM."""

from calendar import monthrange
from datetime import date


def before(period: str, months: int = 1) -> str:
    """Return the month that many months before."""
    year, month = map(int, period.split("-"))
    year, place = divmod(12 * year + month - 1 - months, 12)
    return f"{year:04d}-{place + 1:02d}"


def a_year_before(period: str) -> str:
    """Return the same month of the year before."""
    return before(period, 12)


def days(period: str) -> list[date]:
    """Return every day of a month."""
    year, month = map(int, period.split("-"))
    return [date(year, month, day) for day in range(1, monthrange(year, month)[1] + 1)]


def days_of(period: str) -> str:
    """Return the days of a month as an address of rows says them."""
    first, *_, last = days(period)
    return f"{first}..{last}"


def span(first: str, last: str) -> list[str]:
    """Return every month from the first to the last."""
    months = []
    while last >= first:
        months.append(last)
        last = before(last)
    return months[::-1]
