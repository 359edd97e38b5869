"""Local days: which instants they hold, and slots by the day on which a patient sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from portal_api.scheduling.slots import Span

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

    from portal_api.scheduling.slots import Slot


@dataclass(frozen=True)
class Day:
    """A day with its open times by provider."""

    first: datetime
    by_provider: dict[str, list[Slot]]


def span(first: date, days: int, zone: ZoneInfo) -> Span:
    """Return from when until when so many local days last."""
    ends = first + timedelta(days=days)
    return Span(*(datetime.combine(day, time(), zone).astimezone(UTC) for day in (first, ends)))


def grouped(slots: Iterable[Slot], zone: ZoneInfo) -> list[Day]:
    """Return slots, which are in order of time, by local day and then by provider."""
    days = []
    for _, each in groupby(slots, lambda slot: slot.starts_at.astimezone(zone).date()):
        of_day = list(each)
        by_provider: dict[str, list[Slot]] = {}
        for slot in of_day:
            by_provider.setdefault(slot.title, []).append(slot)
        days.append(Day(of_day[0].starts_at, by_provider))
    return days


def read(text: str, otherwise: date) -> date:
    """Return a date as forms and addresses have it, or another where there is none that makes sense."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return otherwise
    return found if abs(found - otherwise) < timedelta(days=400) else otherwise
