"""Schema ops: the settings of the run that is going on, and the record of every run."""

import hashlib
import json
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from importlib.resources import files
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.rules.billing import RULE_VERSION
from ledger.rules.months import first_open, month_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    import psycopg

    from ledger.settings import Settings

BOOKS_LOCK = "trueup.reconcile"
_LOAD_LOCK = "trueup.load"
"""The lock every load holds until it commits (ingestion.landing): shared here, so that no row arrives within a run."""


@dataclass(frozen=True)
class RunSetting:
    """What a run goes by: the columns of `ops.run_setting`. Amounts are cents, `posting_period` is `YYYY-MM`."""

    as_of: date
    posting_period: str
    timezone: str
    rule_version: str
    claim_overdue_days: int
    underpaid_cents: int
    eft_overdue_days: int
    duplicate_hours: int


@dataclass(frozen=True)
class Run:
    """A run that succeeded: `basis` is what it went by beside its inputs, `loaded_through` the last load it saw.

    Settlements and matches count as loads. `stands` says that its books are unreplaced.
    """

    run_id: UUID
    as_of: date
    fingerprint: str
    basis: str
    loaded_through: int
    warnings: tuple[str, ...]
    stands: bool


def run_setting(settings: "Settings", as_of: date, closed: "Collection[str]") -> RunSetting:
    """Return the settings of a run at `as_of`: it posts to the first month from then on that is not `closed`."""
    return RunSetting(
        as_of=as_of,
        posting_period=first_open(month_of(as_of), closed),
        timezone=settings.timezone,
        rule_version=RULE_VERSION,
        claim_overdue_days=settings.claim_overdue_days,
        underpaid_cents=settings.underpaid_cents,
        eft_overdue_days=settings.eft_overdue_days,
        duplicate_hours=settings.duplicate_hours,
    )


@contextmanager
def alone(connection: "psycopg.Connection", waiting: "Callable[[], None]") -> "Iterator[None]":
    """Hold the books for this session: a second run queues here, and loads wait until the run is over.

    `waiting` is called once when somebody else holds them. The locks die with the session, so a killed run frees them.
    """
    free = connection.execute("select pg_try_advisory_lock(hashtextextended(%s, 0))", (BOOKS_LOCK,)).fetchone()
    if not (free and free[0]):
        waiting()
        connection.execute("select pg_advisory_lock(hashtextextended(%s, 0))", (BOOKS_LOCK,))
    connection.execute("select pg_advisory_lock_shared(hashtextextended(%s, 0))", (_LOAD_LOCK,))
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("select pg_advisory_unlock_all()")


def prepare(connection: "psycopg.Connection") -> None:
    """Create schema ops where it is not there yet."""
    connection.execute(files("orchestration").joinpath("ops.sql").read_bytes())


def loaded_through(connection: "psycopg.Connection") -> int:
    """Return the number of the last load, settlement or match of a claim (one count for all), 0 before the first."""
    row = connection.execute(
        "select greatest(0, (select max(load_id) from raw.file), (select max(settlement_id) from raw.era_settlement),"
        " (select max(match_id) from raw.era_match))"
    ).fetchone()
    return int(row[0]) if row else 0


def usage(connection: "psycopg.Connection") -> str:
    """Return what tells one set of metered visits from another: usage comes by no load, and is taken back."""
    row = connection.execute(
        "select count(*) || '/' || coalesce(sum(hashtextextended(visit_token::text, 0)), 0) from ledger.metered_usage"
    ).fetchone()
    return str(row[0]) if row else ""


def fingerprint(setting: RunSetting, *inputs: object) -> str:
    """Return the SHA-256 of everything an outcome depends on: equal fingerprints, nothing new."""
    return hashlib.sha256(json.dumps([asdict(setting), *inputs], default=str).encode()).hexdigest()


def touched(connection: "psycopg.Connection") -> bool:
    """Tell whether a backfill touched anything that no reconcile has seen yet."""
    row = connection.execute("select exists (select from ops.touched)").fetchone()
    return bool(row and row[0])


def basis(connection: "psycopg.Connection", setting: RunSetting, *code: object) -> str:
    """Return the SHA-256 of what every row of the books hangs on: settings, `code`, and the tables of raw themselves.

    Neither the day of a run nor its posting month belongs to it: they move ages and new memos only. Raw tables that
    were dropped and filled anew are others, though their loads have the same numbers.
    """
    settings = {name: value for name, value in asdict(setting).items() if name not in {"as_of", "posting_period"}}
    raw = connection.execute(
        "select 'raw.file'::regclass::oid::bigint, (select loaded_at from raw.file order by load_id limit 1)"
    ).fetchone()
    return hashlib.sha256(json.dumps([settings, raw, *code], default=str).encode()).hexdigest()


def last_success(connection: "psycopg.Connection") -> Run | None:
    """Return the newest run that succeeded, and whether what it published stands: no later run began to publish.

    A run that a contract blocked published nothing; one that failed or was killed may have replaced some of the marts.
    """
    row = connection.execute(
        "select run_id, as_of, fingerprint, basis, loaded_through, warnings, not exists ("
        "   select 1 from ops.run as later where later.started_at > run.started_at and later.status <> 'blocked')"
        " from ops.run as run where status = 'succeeded' order by started_at desc limit 1"
    ).fetchone()
    return Run(row[0], row[1], row[2], row[3], row[4], tuple(row[5]), stands=row[6]) if row else None


def since(last: Run | None, of_basis: str, through: int) -> int | None:
    """Return the last load that need not be looked at again; None when everything must be made anew.

    That is so before the first success, after a run that may have replaced some of the marts and not others, on another
    basis, and where loads are missing that the last run saw.
    """
    if last and last.stands and last.basis == of_basis and last.loaded_through <= through:
        return last.loaded_through
    return None


def begin(  # noqa: PLR0913 - the columns of a row
    connection: "psycopg.Connection",
    run_id: UUID,
    setting: RunSetting,
    print_of_inputs: str,
    through: int,
    *,
    basis: str = "",
    since: int | None = None,
) -> "Sequence[UUID]":
    """Write the settings and open the record of a run; returns the runs that were killed before they could finish.

    Only the holder of `alone` calls this, so a run still said to be running was interrupted.
    """
    with connection.transaction():
        killed = connection.execute(
            "update ops.run set status = 'interrupted', finished_at = clock_timestamp()"
            " where status = 'running' returning run_id"
        ).fetchall()
        columns = {**asdict(setting), "since": since or 0}
        connection.execute("delete from ops.run_setting")
        connection.execute(
            f"insert into ops.run_setting ({', '.join(columns)}) values ({', '.join(['%s'] * len(columns))})",
            list(columns.values()),
        )
        # Nearly every model reads this row. Never analyzed it counts as 520, and plans are for 520 times the books.
        connection.execute("analyze ops.run_setting")
        connection.execute(
            "insert into ops.run (run_id, fingerprint, basis, is_whole, as_of, loaded_through)"
            " values (%s, %s, %s, %s, %s, %s)",
            (run_id, print_of_inputs, basis, since is None, setting.as_of, through),
        )
    return [row[0] for row in killed]


def succeed(connection: "psycopg.Connection", run_id: UUID, memos: int, warnings: "Sequence[str]") -> None:
    """Close the record of a run that published its marts; `memos` is the number it issued.

    Backfills wait while a run goes on, so all that they touched before it is in its books.
    """
    with connection.transaction():
        connection.execute("delete from ops.touched")
        connection.execute(
            "update ops.run set status = 'succeeded', finished_at = clock_timestamp(), memo_count = %s, warnings = %s"
            " where run_id = %s",
            (memos, list(warnings), run_id),
        )


def fail(connection: "psycopg.Connection", run_id: UUID, status: str, sentence: str) -> None:
    """Close the record of a run that was `blocked` by a contract or `failed`, with the sentence that says why."""
    connection.execute(
        "update ops.run set status = %s, finished_at = clock_timestamp(), sentence = %s where run_id = %s",
        (status, sentence, run_id),
    )
