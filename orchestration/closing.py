"""A month closes: the checklist, every published figure with what it rests on, the lock; in one transaction."""

import importlib.metadata
import json
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from ingestion import landing
from ledger.store import closed_figures, notes, periods
from ledger.store.closed_figures import Frozen, Published
from ledger.store.database import Database, connect
from orchestration import checklist, dbt_project, looks, ops, published
from orchestration.reconcile import Blocked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.settings import Settings

_LISTED = 20
Waiting = Callable[[], None]
"""Called once when somebody else holds the books."""

_INPUTS = """
    select kind, file_sha256, load_id, row_count, quarantined_count, loaded_at, null::text as settlement
    from raw.file
    union all
    select 'era', file_sha256 || '#' || st_index, settlement_id, 0, 0, settled_at, action
    from raw.era_settlement
    union all
    select 'era', file_sha256 || '#' || st_index || '/' || claim_index, match_id, 0, 0, settled_at, 'match'
    from raw.era_match
    order by load_id
"""
_INPUT_COLUMNS = (
    ("kind", "text"),
    ("file_sha256", "text"),
    ("load_id", "bigint"),
    ("row_count", "bigint"),
    ("quarantined_count", "bigint"),
    ("loaded_at", "timestamp with time zone"),
    ("settlement", "text"),
)
_RUN = """
    select
        run_id, fingerprint, loaded_through, finished_at, to_jsonb(setting) as settings,
        {}::text as models_sha256, {}::text as trueup_version
    from ops.run
    cross join ops.run_setting as setting
    where status = 'succeeded'
    order by started_at desc
    limit 1
"""
_RUN_COLUMNS = (
    ("run_id", "uuid"),
    ("fingerprint", "text"),
    ("loaded_through", "bigint"),
    ("finished_at", "timestamp with time zone"),
    ("settings", "jsonb"),
    ("models_sha256", "text"),
    ("trueup_version", "text"),
)
_CHECKS = """
    select * from jsonb_to_recordset({}::jsonb)
        as said ("check" text, key text, state text, found text, why text, made_by text)
"""
_CHECK_COLUMNS = dict.fromkeys(("check", "key", "state", "found", "why", "made_by"), "text")


class NoSuchPoint(Exception):  # noqa: N818 - the public name says what is wrong
    """A note names a check or a point that is not open; the message lists what is."""


@dataclass(frozen=True)
class Person:
    """Who acts on the books, and why."""

    name: str
    why: str | None


@dataclass(frozen=True)
class Closing:
    """What `close` did: `closed` stands for the month, or is None when points are open and nothing was written.

    `is_new` is False when the month was closed before; then nothing was checked.
    """

    checked: tuple[checklist.Checked, ...]
    closed: periods.Closed | None
    is_new: bool
    tables: tuple[Frozen, ...] = ()


def close(  # noqa: PLR0913 - what a closing is of, each named by the caller
    settings: "Settings", database: Database, period: str, *, today: date, by: Person, waiting: Waiting
) -> Closing:
    """Close a month, or say what is open. With a reason, that reason explains every point that may be explained.

    One transaction while nobody loads or reconciles: killed at any moment, the month is closed with all its figures or
    open with no trace.
    """
    with _held(database, waiting) as guard:
        standing = periods.closed(guard).get(period)
        if standing:
            kept = closed_figures.tables(guard, period, standing.version)
            return Closing((), standing, is_new=False, tables=tuple(kept.values()))
        found: tuple[checklist.Checked, ...] = ()
        with guard.transaction() as whole:
            found = checklist.judged(guard, settings, period, today)
            if by.why:
                _note(guard, checklist.explainable(found), by.why, by.name)
                found = checklist.judged(guard, settings, period, today)
            if not checklist.is_clear(found):
                raise psycopg.Rollback(whole)
            _freeze(guard, period, found)
            periods.append(guard, period, "close", by.why, by.name)
            guard.execute("reset role")
            periods.lock(guard)
        standing = periods.closed(guard).get(period)
        if standing is None:
            looks.keep(guard, settings, period, by.name, found)
        kept = closed_figures.tables(guard, period, standing.version) if standing else {}
        return Closing(found, standing, is_new=True, tables=tuple(kept.values()))


def reopen(database: Database, period: str, *, by: Person, waiting: Waiting) -> periods.Closed:
    """Reopen a closed month and return what stood; its versions stay readable. Raises Blocked when it is open."""
    with _held(database, waiting) as guard, guard.transaction():
        standing = periods.closed(guard).get(period)
        if standing is None:
            raise Blocked(f"{period} is open: there is nothing to reopen.")
        periods.append(guard, period, "reopen", by.why, by.name)
        periods.lock(guard)
        return standing


def note(  # noqa: PLR0913 - what a note is of, each named by the caller
    settings: "Settings",
    database: Database,
    point: tuple[str, str],
    *,
    period: str,
    today: date,
    by: Person,
    waiting: Waiting,
) -> checklist.Point:
    """Explain one open point (check, key) of the checklist of a month, and return it.

    Raises NoSuchPoint when it is not open or may not be explained.
    """
    with _held(database, waiting) as guard, guard.transaction():
        judged = checklist.judged(guard, settings, period, today)
        found = checklist.explainable(judged)
        points = [each for each in found if (each.check, each.key) == point]
        if not points:
            listed = ", ".join(f"{each.check} {each.key}" for each in found[:_LISTED]) or "none"
            raise NoSuchPoint(f"{' '.join(point)} is no open point of {period} that a note explains. Open: {listed}.")
        _note(guard, points, by.why or "", by.name)
        looks.keep(guard, settings, period, by.name, checklist.with_note(judged, notes.newest(guard)[point]))
        return points[0]


def look(
    settings: "Settings", database: Database, period: str, *, today: date, by: Person
) -> tuple[checklist.Checked, ...]:
    """Judge the checklist of a month, in one snapshot and holding nobody up, and keep it to be looked at."""
    with connect(database) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        found = checklist.judged(connection, settings, period, today)
        looks.keep(connection, settings, period, by.name, found)
    return found


@contextmanager
def _held(database: Database, waiting: Waiting) -> "Iterator[psycopg.Connection]":
    """Hold the books: no load, run or other closing goes on meanwhile."""
    with connect(database, autocommit=True) as guard, ops.alone(guard, waiting):
        with guard.transaction():
            landing.ensure_schema(guard)
            ops.prepare(guard)
        yield guard


def _note(guard: psycopg.Connection, points: Sequence[checklist.Point], why: str, name: str) -> None:
    guard.execute("set local role trueup_books")
    notes.add(guard, [(point.check, point.key, point.found) for point in points], why, name)
    guard.execute("reset role")


def _freeze(guard: psycopg.Connection, period: str, found: Sequence[checklist.Checked]) -> None:
    """Keep every table of the month and what it rests on, in the role that can add and change nothing."""
    version = len(periods.closings(guard, period)) + 1
    tables = [published.to_keep(table) for table in published.of_month(guard, period).values()]
    # dbt made its tables anew, and with them lost the grants.
    guard.execute("grant usage on schema marts, raw, ops to trueup_books")
    guard.execute("grant select on all tables in schema marts to trueup_books")
    guard.execute(
        "grant select on raw.file, raw.era_settlement, raw.era_match, ops.run, ops.run_setting to trueup_books"
    )
    guard.execute("set local role trueup_books")
    for table in (*tables, *_ground(found)):
        closed_figures.freeze(guard, period, version, table)


def _ground(found: Sequence[checklist.Checked]) -> list[Published]:
    """Give what the figures rest on: the files and settlements, the run with its settings, and the checklist."""
    made_with = (dbt_project.checksum(), importlib.metadata.version("trueup"))
    said = [dict(zip(_CHECK_COLUMNS, row, strict=True)) for checked in found for row in _said(checked)]
    return [
        Published("close_inputs", _INPUT_COLUMNS, _INPUTS),
        Published("close_run", _RUN_COLUMNS, sql.SQL(_RUN).format(*made_with).as_string()),
        Published(
            "close_checklist", tuple(_CHECK_COLUMNS.items()), sql.SQL(_CHECKS).format(json.dumps(said)).as_string()
        ),
    ]


def _said(checked: checklist.Checked) -> "Iterator[tuple[str | None, ...]]":
    if not checked.points:
        yield checked.check.name, None, "ok", checked.check.asks, None, None
    for point in checked.points:
        why, by = (point.note.why, point.note.made_by) if point.note else (None, None)
        yield point.check, point.key, point.state, point.found, why, by
