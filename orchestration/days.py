"""Ranges of days: what a person may ask for, and the months a range is worked off in."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

FIRST_DAY = date(2015, 1, 1)
"""The first day that has a partition."""


class NoSuchRange(ValueError):  # noqa: N818 - named for what is wrong with what was asked
    """The range cannot be worked off; the text is a sentence for whoever asked."""


class Days(NamedTuple):
    """A range of days, both included."""

    first: date
    last: date

    def __str__(self) -> str:
        """Give it as in a sentence."""
        return f"{self.first} to {self.last}"

    def checked(self, today: date) -> "Days":
        """Return the range. Raises NoSuchRange when it is turned round, not over yet or before all partitions."""
        if self.first > self.last:
            raise NoSuchRange(f"--from {self.first} is after --to {self.last}: turn them round.")
        if self.last > today:
            raise NoSuchRange(f"--to {self.last} lies in the future: today is {today}.")
        if self.first < FIRST_DAY:
            raise NoSuchRange(f"--from {self.first} is before {FIRST_DAY}, the first day there is a partition of.")
        return self

    def months(self) -> Iterator["Days"]:
        """Cut the range at the ends of months."""
        first = self.first
        while first <= self.last:
            next_month = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
            yield Days(first, min(self.last, next_month - timedelta(days=1)))
            first = next_month
