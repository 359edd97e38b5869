"""When a video visit can be joined, and for how long what lets in lasts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

EARLY = timedelta(minutes=15)
LATE = timedelta(minutes=30)
"""Before it starts and after it should have ended."""
RECONNECTION = timedelta(minutes=5)
"""How long after the end of the window what lets in still does: who is inside and loses the line comes back."""


class Window(NamedTuple):
    """From when until when a visit can be joined: [opens_at, closes_at)."""

    opens_at: datetime
    closes_at: datetime

    def is_open(self, now: datetime) -> bool:
        """Tell whether it can be joined."""
        return self.opens_at <= now < self.closes_at

    def is_over(self, now: datetime) -> bool:
        """Tell whether it can never be joined again."""
        return now >= self.closes_at

    @property
    def ends_at(self) -> datetime:
        """When nobody is let in, nor kept in, any more."""
        return self.closes_at + RECONNECTION

    def seconds_left(self, now: datetime) -> int:
        """Return for how many seconds whoever is let in now may stay."""
        return int((self.ends_at - now).total_seconds())


def window(starts_at: datetime, ends_at: datetime) -> Window:
    """Return the window of a visit."""
    return Window(starts_at - EARLY, ends_at + LATE)
