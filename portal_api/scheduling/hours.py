"""The hours of a calendar as its provider edits them: the week's, those of single days, and time off."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal_api import audit
from portal_api.problems import Problem
from portal_api.scheduling import locks
from portal_api.store.rows import made

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from portal_api.here import Here

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DAY_MINUTES = 1440
_CLOCK = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)\Z")
_WEEK = sa.text(
    "select weekday, from_minute, to_minute from portal.weekly_hours where calendar_id = :id"
    " order by weekday, from_minute"
)
_SPECIAL = sa.text(
    "select id, on_date, kind, from_minute, to_minute from portal.special_hours where calendar_id = :id"
    " and on_date >= :since order by on_date, from_minute"
)
_OFF = sa.text(
    "select o.id, o.off_from at time zone c.time_zone, o.off_to at time zone c.time_zone from portal.time_off as o"
    " inner join portal.calendar as c on c.id = o.calendar_id where c.id = :id and o.off_to > :since"
    " order by o.off_from"
)
_ADD_OFF = sa.text(
    "insert into portal.time_off (practice_id, calendar_id, off_from, off_to) select practice_id, id,"
    " cast(:begins as timestamp) at time zone time_zone, cast(:ends as timestamp) at time zone time_zone"
    " from portal.calendar where id = :id"
)


@dataclass(frozen=True)
class Hours:
    """From minute to minute of a local day, 0 to 1440."""

    from_minute: int
    to_minute: int

    @property
    def begins(self) -> str:
        """The beginning as a form has it: 09:00."""
        return clock(self.from_minute)

    @property
    def ends(self) -> str:
        """The end as a form has it; the end of the day is 00:00."""
        return clock(self.to_minute % DAY_MINUTES)


@dataclass(frozen=True)
class Special:
    """Hours of one day: `instead` of the week's, `also` beside them, or `closed`."""

    id: UUID
    on_date: date
    kind: str
    hours: Hours | None


@dataclass(frozen=True)
class Off:
    """Time off, as the clocks of the calendar's zone show it."""

    id: UUID
    begins: datetime
    ends: datetime


def clock(minute: int) -> str:
    """Write a minute of the day: 09:00."""
    return f"{minute // 60:02}:{minute % 60:02}"


def read(begins: str, ends: str) -> Hours:
    """Read two times of a day; an end of 00:00 is midnight. Raises 400 with a sentence."""
    found = [_CLOCK.match(each) for each in (begins, ends)]
    minutes = [int(each[1]) * 60 + int(each[2]) for each in found if each]
    if len(minutes) != len(found):
        raise _wrong(f"Write both times like 09:00, not “{begins}” and “{ends}”.")
    first, last = minutes[0], minutes[1] or DAY_MINUTES
    if not first < last <= DAY_MINUTES:
        raise _wrong(f"Hours end after they begin: {begins} to {ends} do not. Over midnight, use two days.")
    return Hours(first, last)


def week(here: Here, calendar_id: UUID) -> dict[int, list[Hours]]:
    """Return the hours of each weekday, Monday is 1."""
    found: dict[int, list[Hours]] = {weekday: [] for weekday in range(1, 8)}
    for row in here.db.execute(_WEEK, {"id": calendar_id}):
        found[row.weekday].append(Hours(row.from_minute, row.to_minute))
    return found


def keep_week(here: Here, calendar_id: UUID, wanted: Sequence[tuple[int, Hours]]) -> None:
    """Replace the hours of the week; what is booked stays booked."""
    locks.take(here, [calendar_id])  # of two who do so at once the later one's are the hours, and not both
    here.db.execute(sa.text("delete from portal.weekly_hours where calendar_id = :id"), {"id": calendar_id})
    rows = [
        {
            "practice_id": here.practice.practice_id,
            "calendar_id": calendar_id,
            "weekday": weekday,
            "from_minute": each.from_minute,
            "to_minute": each.to_minute,
        }
        for weekday, each in wanted
    ]
    if rows:
        here.db.execute(
            sa.text(
                "insert into portal.weekly_hours (practice_id, calendar_id, weekday, from_minute, to_minute)"
                " values (:practice_id, :calendar_id, :weekday, :from_minute, :to_minute)"
            ),
            rows,
        )
    audit.record(here, "hours.changed", f"calendar/{calendar_id}")


def special(here: Here, calendar_id: UUID) -> list[Special]:
    """Return the days to come that have hours of their own."""
    rows = here.db.execute(_SPECIAL, {"id": calendar_id, "since": (here.now - timedelta(days=1)).date()})
    return [
        Special(row.id, row.on_date, row.kind, Hours(row.from_minute, row.to_minute) if row.kind != "closed" else None)
        for row in rows
    ]


def add_special(here: Here, calendar_id: UUID, on_date: date, kind: str, hours: Hours | None) -> None:
    """Give a day hours of its own, or close it. Raises 400 when the hours do not go with the kind."""
    if kind not in {"instead", "also", "closed"} or (kind == "closed") != (hours is None):
        raise _wrong("Give the day hours, or close it.")
    here.db.execute(
        sa.text(
            "insert into portal.special_hours (practice_id, calendar_id, on_date, kind, from_minute, to_minute)"
            " values (:practice_id, :id, :on_date, :kind, :from_minute, :to_minute)"
        ),
        {
            "practice_id": here.practice.practice_id,
            "id": calendar_id,
            "on_date": on_date,
            "kind": kind,
            "from_minute": hours.from_minute if hours else None,
            "to_minute": hours.to_minute if hours else None,
        },
    )
    audit.record(here, "hours.changed", f"calendar/{calendar_id}")


def time_off(here: Here, calendar_id: UUID) -> list[Off]:
    """Return the time off to come."""
    return made(Off, here.db.execute(_OFF, {"id": calendar_id, "since": here.now}))


def add_time_off(here: Here, calendar_id: UUID, begins: datetime, ends: datetime) -> None:
    """Take time off between two local times of the calendar's zone. Raises 400 when it ends before it begins."""
    if not begins < ends:
        raise _wrong("Time off ends after it begins.")
    here.db.execute(_ADD_OFF, {"id": calendar_id, "begins": begins, "ends": ends})
    audit.record(here, "hours.changed", f"calendar/{calendar_id}")


def remove(here: Here, calendar_id: UUID, which: UUID) -> bool:
    """Remove special hours or time off; False when there is none of this id in the calendar."""
    gone = 0
    for table in ("special_hours", "time_off"):
        query = sa.text(f"delete from portal.{table} where id = :which and calendar_id = :id")
        gone += here.db.execute(query, {"which": which, "id": calendar_id}).rowcount
    audit.record(here, "hours.changed", f"calendar/{calendar_id}")
    return gone > 0


def _wrong(sentence: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, "no-hours", sentence)
