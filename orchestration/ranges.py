"""A range of partitions in one Dagster run of the raw assets, in this process."""

from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING
from uuid import uuid4

import dagster as dg
import psycopg

from ledger.store.database import connect
from orchestration import dagster_home, execution
from orchestration.days import Days
from orchestration.defs import payments, remittances, visits
from orchestration.defs.feeds import partitions
from orchestration.defs.resources import Books, Range

if TYPE_CHECKING:
    from ledger.settings import Settings

_TAG = "trueup/backfill"
_LOCK = "hashtextextended(%s, 0)"
_FEEDS = {
    "visits": (visits.VISITS, visits.visits),
    "stripe": (payments.STRIPE_OBJECTS, payments.stripe_objects),
    "era": (remittances.REMITTANCES, remittances.remittances),
}
_LOADED = {
    "visits": "select (state_changed_at at time zone %(timezone)s)::date as day from raw.visit",
    "stripe": "select (version_at at time zone %(timezone)s)::date from raw.stripe_object",
    "era": "select coalesce(paid_on, (recorded_at at time zone %(timezone)s)::date) from raw.era_transaction",
}


def count(connection: psycopg.Connection, timezone: str, only: Sequence[str], months: Sequence[Days]) -> int:
    """Count the partitions of some feeds in some ranges; one that lies in two of them counts twice."""
    return sum(len(partitions(connection, _FEEDS[name][0], timezone, days=month)) for name in only for month in months)


def loaded(connection: psycopg.Connection, timezone: str, only: Sequence[str]) -> Days | None:
    """Return the first and the last day of which anything of some feeds is loaded; None of an empty database."""
    days = " union all ".join(_LOADED[name] for name in only)
    row = connection.execute(
        f"select min(day), max(day) from ({days}) as loaded (day)", {"timezone": timezone}
    ).fetchone()
    return Days(*row) if row and row[0] else None


def run(settings: "Settings", books: Books, only: Sequence[str], asked: Range) -> str | None:
    """Make the partitions of a range anew in one run; return the sentence of what broke it, if anything did.

    A broken partition keeps no other out. `books` is what the run works with, but for its range.
    """
    assets = [_FEEDS[name][1] for name in only]
    job = dg.Definitions(
        assets=assets, resources={"books": books.within(asked)}, executor=dg.in_process_executor
    ).resolve_implicit_global_asset_job_def()
    with (
        execution.instance(dagster_home.prepare(settings.home, books.database)) as instance,
        closing(connect(books.database, autocommit=True)) as pulse,
    ):
        _bury(instance, pulse)
        run_id = str(uuid4())
        pulse.execute(f"select pg_advisory_lock({_LOCK})", (run_id,))
        result = job.execute_in_process(
            instance=instance,
            run_id=run_id,
            tags={_TAG: str(asked.days)},
            raise_on_error=False,
            run_config=execution.QUIET,
        )
    return None if result.success else execution.failure(result, settings.home / "logs" / "backfill.log")


def _bury(instance: dg.DagsterInstance, pulse: psycopg.Connection) -> None:
    """Tell Dagster which earlier runs were killed: a run holds a lock of its name, which dies with its process."""
    for earlier in instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])):
        name = (earlier.run_id,)
        if _TAG in earlier.tags and pulse.execute(f"select pg_try_advisory_lock({_LOCK})", name).fetchone() == (True,):
            instance.report_run_failed(earlier, "The process was killed.")
            pulse.execute(f"select pg_advisory_unlock({_LOCK})", name)
