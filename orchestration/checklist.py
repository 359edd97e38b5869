"""What must hold before a month closes: each check, the points open under it, and how a person settles each."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Literal, NamedTuple

from ledger.rules.months import last_day
from ledger.store import notes
from orchestration import checks, ops
from orchestration.reconcile import rests_on

if TYPE_CHECKING:
    import psycopg

    from ledger.settings import Settings

State = Literal["open", "explained", "told"]


class Point(NamedTuple):
    """One thing a check found, as one sentence; its note explains it, when there is one of what was found.

    `told` points hold nothing up.
    """

    check: str
    key: str
    found: str
    state: State
    note: notes.Note | None = None


@dataclass(frozen=True)
class Checked:
    """A check and what it found; no point, or none that is open, and it is kept."""

    check: checks.Check
    points: tuple[Point, ...]

    @property
    def open(self) -> tuple[Point, ...]:
        """The points that hold the closing up."""
        return tuple(point for point in self.points if point.state == "open")

    @property
    def state(self) -> Literal["ok", "open", "explained", "told"]:
        """How the check stands: by the gravest of its points."""
        states = {point.state for point in self.points}
        gravest: tuple[State, ...] = ("open", "explained", "told")
        return next((state for state in gravest if state in states), "ok")


def judged(guard: "psycopg.Connection", settings: "Settings", period: str, today: date) -> tuple[Checked, ...]:
    """Judge every check for a month. Without a run that stands, the figures are nobody's and only that is said."""
    last = last_day(period)
    over, current = _over(period, today), tuple(_current(guard, settings, last))
    found = [Checked(checks.OVER, over), Checked(checks.RUN, current)]
    if over or current:
        return tuple(found)
    explained = notes.newest(guard)
    found.append(Checked(checks.CONTRACTS, tuple(_warned(guard, explained))))
    named = {"period": period, "last": last, "timezone": settings.timezone}
    for check in checks.QUERIES:
        rows = guard.execute(check.query.encode(), named).fetchall()
        found.append(Checked(check, tuple(_point(check, str(row[0]), str(row[1]), explained) for row in rows)))
    return tuple(found)


def _point(check: checks.Check, key: str, found: str, explained: "dict[tuple[str, str], notes.Note]") -> Point:
    """Make a point; a note on what it was before explains nothing."""
    note = explained.get((check.name, key))
    if check.force == "told":
        return Point(check.name, key, found, "told")
    if note and note.found == found:
        return Point(check.name, key, found, "explained", note)
    return Point(check.name, key, found, "open")


def _over(period: str, today: date) -> tuple[Point, ...]:
    if today > last_day(period):
        return ()
    return (Point(checks.OVER.name, period, f"{period} ends on {last_day(period)}, and today is {today}.", "open"),)


def _current(guard: "psycopg.Connection", settings: "Settings", last: date) -> Iterator[Point]:
    """Find what keeps the figures from being those of everything loaded, at a day after the month."""
    run = ops.last_success(guard)
    if run is None:
        yield Point(checks.RUN.name, "run", "Nothing has been reconciled yet.", "open")
        return
    _, inputs, _ = rests_on(guard, settings, run.as_of)
    if not run.stands:
        yield Point(checks.RUN.name, "run", "The last reconcile failed or was interrupted.", "open")
    elif run.fingerprint != inputs:
        found = "Files, settlements, settings, models or a reopening are newer than the last reconcile that succeeded."
        yield Point(checks.RUN.name, "run", found, "open")
    elif ops.touched(guard):
        found = "A backfill made days anew that no reconcile has seen: it goes on, or it was stopped."
        yield Point(checks.RUN.name, "run", found, "open")
    if run.as_of <= last:
        found = f"The last reconcile is as of {run.as_of}, a day before the month was over."
        yield Point(checks.RUN.name, "as_of", found, "open")


def _warned(guard: "psycopg.Connection", explained: "dict[tuple[str, str], notes.Note]") -> Iterator[Point]:
    run = ops.last_success(guard)
    for sentence in run.warnings if run else ():
        key = hashlib.sha256(sentence.encode()).hexdigest()[:8]
        yield _point(checks.CONTRACTS, key, sentence, explained)


def explainable(found: Sequence[Checked]) -> list[Point]:
    """List the open points that a person's note may explain."""
    return [point for checked in found if checked.check.force == "explainable" for point in checked.open]


def with_note(found: Sequence[Checked], note: notes.Note) -> tuple[Checked, ...]:
    """Give the checklist as a new note leaves it."""
    return tuple(
        replace(checked, points=tuple(_noted(point, note) for point in checked.points))
        if checked.check.name == note.check
        else checked
        for checked in found
    )


def _noted(point: Point, note: notes.Note) -> Point:
    is_it = (point.key, point.found, point.state) == (note.key, note.found, "open")
    return point._replace(state="explained", note=note) if is_it else point


def is_clear(found: Sequence[Checked]) -> bool:
    """Say whether nothing holds the closing up."""
    return not any(checked.open for checked in found)
