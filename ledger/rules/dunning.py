"""When a patient may be told of an open demand: never at night, not around a visit, not often; as the practice says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable

_DAY = timedelta(days=1)


class Span(NamedTuple):
    """From a moment to another, both with their zones."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Dunning:
    """What a practice decides about messages of open demands.

    Between `quiet_from` and `quiet_until`, local time, nobody is told anything; equal times are no quiet hours. No
    message of a demand goes out within `visit_hours` before or after a visit of the patient, fewer than `days_apart`
    days (of 24 hours) after the one before it, of whichever demand, or after `most_notices` of the same demand.
    """

    timezone: str = "UTC"
    quiet_from: time = time(20)
    quiet_until: time = time(9)
    visit_hours: int = 24
    days_apart: int = 3
    most_notices: int = 4

    def __post_init__(self) -> None:
        """Refuse what would never let a message out, or many at once."""
        if not 0 <= self.visit_hours <= 7 * 24 or not 1 <= self.days_apart <= 90 or not 0 <= self.most_notices <= 20:  # noqa: PLR2004 - the bounds of the sentence below
            raise ValueError("Visit hours go from 0 to 168, days apart from 1 to 90, notices of a demand from 0 to 20.")
        ZoneInfo(self.timezone)


def is_quiet(moment: datetime, dunning: Dunning) -> bool:
    """Tell whether a moment is in the practice's quiet hours, by the clock on its wall."""
    now = moment.astimezone(ZoneInfo(dunning.timezone)).time()
    if dunning.quiet_from <= dunning.quiet_until:
        return dunning.quiet_from <= now < dunning.quiet_until
    return now >= dunning.quiet_from or now < dunning.quiet_until


def out_of_quiet(moment: datetime, dunning: Dunning) -> datetime:
    """Return the moment itself, or when the quiet hours it is in are over; in UTC."""
    zone, moment = ZoneInfo(dunning.timezone), moment.astimezone(UTC)
    while is_quiet(moment, dunning):
        local = moment.astimezone(zone)
        is_evening = local.time() >= dunning.quiet_until
        ends = datetime.combine(local.date() + is_evening * _DAY, dunning.quiet_until, zone)
        # Where the clock is put back the hour comes twice, and its first coming may be over.
        first, second = ends.astimezone(UTC), ends.replace(fold=1).astimezone(UTC)
        moment = first if first > moment else second
    return moment


def next_moment(
    wanted: datetime, dunning: Dunning, *, visits: Iterable[Span], told: Iterable[datetime], of_this: int
) -> datetime | None:
    """Return the first moment from `wanted` on at which the patient may be told; None where it was said often enough.

    `visits` are the patient's visits near and after it, `told` when the patient was told of any demand before,
    `of_this` how often of this one. In UTC.
    """
    if of_this >= dunning.most_notices:
        return None
    apart, around = timedelta(days=dunning.days_apart), timedelta(hours=dunning.visit_hours)
    moment = max([wanted.astimezone(UTC), *(before.astimezone(UTC) + apart for before in told)])
    spans = [Span(visit.start.astimezone(UTC) - around, visit.end.astimezone(UTC) + around) for visit in visits]
    for span in sorted(spans) if around else ():  # by their starts: what a later one moves on, none before takes back
        moment = out_of_quiet(moment, dunning)
        if span.start < moment < span.end:
            moment = span.end
    return out_of_quiet(moment, dunning)
