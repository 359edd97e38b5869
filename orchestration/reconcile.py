"""`trueup reconcile`: nothing new in a second, else one Dagster run from contracts to marts, under one lock."""

import gc
import warnings
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from expectations import catalog
from ingestion import landing, ledger_feeds, verdicts
from ledger.store import inbox, marts_worklist, periods, schema
from ledger.store.database import Database, connect
from orchestration import dbt_project, ops

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import psycopg

    from ledger.settings import Settings
    from orchestration.execution import Finished

OnStep = Callable[[str, int, int], None]
"""Told after each step: what was done, how many steps are done, and how many there are."""


class Blocked(Exception):  # noqa: N818 - the public name says what happened to the books
    """Nothing was published; the message is one sentence for a person: what is broken, where, how to mend it."""


class ReconcileFailed(Blocked):
    """A model or test of ours failed, or a step broke off; the message says which marts are of which run."""


@dataclass(frozen=True)
class Outcome:
    """What a reconcile did. `nothing_new`: the inputs are those of run `run_id`, and nothing was touched.

    `memos` counts the memos issued now; `warnings` are the sentences of the warning contracts that are broken.
    """

    nothing_new: bool
    run_id: UUID
    memos: int
    warnings: tuple[str, ...]


def reconcile(
    settings: "Settings", database: Database, *, as_of: date, on_step: OnStep, whole: bool = False
) -> Outcome:
    """Bring memos and marts up to what is loaded, with ages and the posting month as of `as_of`.

    What came by webhooks, and visits of the portal, are loaded first. A run does anew what the loads since the last one
    touched, and everything when it is the first, when the last one failed, when settings or models are others, or when
    `whole` asks for it.

    Two at once queue; loads wait until the run is over. Killed at any moment and run again, it gives the same books.
    Raises Blocked when a contract on a feed is broken, ReconcileFailed when a model or test of ours fails, and
    DatabaseUnavailable when PostgreSQL is away.
    """
    with connect(database, autocommit=True) as guard, ops.alone(guard, lambda: on_step("another run", 0, 1)):
        with guard.transaction():
            landing.ensure_schema(guard)
            ops.prepare(guard)
            inbox.hand_over(guard, again=whole)
            ledger_feeds.land_webhooks(guard)
            ledger_feeds.land_visits(guard)
        setting, inputs, through = rests_on(guard, settings, as_of)
        basis = ops.basis(guard, setting, *_code(guard))
        last = ops.last_success(guard)
        if last and last.stands and last.fingerprint == inputs and not (whole or ops.touched(guard)):
            return Outcome(nothing_new=True, run_id=last.run_id, memos=0, warnings=last.warnings)
        since = None if whole else ops.since(last, basis, through)
        with guard.transaction():
            verdicts.assess(guard, since or 0)
            landing.keep_statistics(guard)
        run_id = uuid4()
        killed = ops.begin(guard, run_id, setting, inputs, through, basis=basis, since=since)
        with _recorded(guard, run_id):
            books = (settings, database, as_of, since)
            finished = _run(*books, run_id, killed, on_step)
            _stop_when_broken(finished)
            with guard.transaction():
                marts_worklist.follow(guard)
                ops.succeed(guard, run_id, finished.memos, finished.warnings)
        return Outcome(nothing_new=False, run_id=run_id, memos=finished.memos, warnings=finished.warnings)


def rests_on(guard: "psycopg.Connection", settings: "Settings", as_of: date) -> tuple[ops.RunSetting, str, int]:
    """Return what a run at `as_of` rests on now: its settings, the fingerprint of all of it, and the last load."""
    setting = ops.run_setting(settings, as_of, periods.closed(guard))
    through = ops.loaded_through(guard)
    return setting, ops.fingerprint(setting, through, ops.usage(guard), *_code(guard)), through


def _code(guard: "psycopg.Connection") -> tuple[object, ...]:
    # A closing changes no figure; a reopening gives a month its own again.
    return dbt_project.checksum(), catalog.fingerprint(), schema.revision(guard), periods.reopenings(guard)


def _run(  # noqa: PLR0913, PLR0917 - what a run is of, from its only caller
    settings: "Settings",
    database: Database,
    as_of: date,
    since: int | None,
    run_id: UUID,
    killed: "Sequence[UUID]",
    on_step: OnStep,
) -> "Finished":
    """Import Dagster, dbt and Great Expectations, which takes seconds and is paid only by a run that has work."""
    on_step("Dagster and dbt", 0, 1)
    # They make a million objects that live to the end: looking them through again and again took a sixth of the import.
    gc.set_threshold(100_000)
    # Their own libraries warn of each other at import; none of them is ours to mend.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from orchestration import dagster_home, execution
        from orchestration.defs.resources import Books

    dbt = dbt_project.Dbt(settings.home, database.dbt_environment())
    try:
        manifest = dbt.manifest()
    except dbt_project.DbtFailed as failure:
        raise ReconcileFailed(f"Nothing was published. {failure}") from failure
    progress = execution.Progress(execution.steps_of(manifest), on_step)
    books = Books(database, dbt, settings.timezone, as_of, since, progress)
    # Modules and manifest live to the end of the run: to look for garbage in them took a twentieth of its time.
    gc.freeze()
    try:
        return execution.run(dagster_home.prepare(settings.home, database), manifest, books, run_id, killed)
    finally:
        gc.unfreeze()


@contextmanager
def _recorded(guard: "psycopg.Connection", run_id: UUID) -> "Iterator[None]":
    """Write down why a run ended without success, and let the error go on."""
    try:
        yield
    except ReconcileFailed as failure:
        ops.fail(guard, run_id, "failed", str(failure))
        raise
    except Blocked as block:
        ops.fail(guard, run_id, "blocked", str(block))
        raise


def _stop_when_broken(finished: "Finished") -> None:
    """Raise what the run ended with: a broken contract first, since what follows it did not run."""
    if finished.broken:
        first, *more = finished.broken
        others = f" {len(more)} more are broken; the Dagster UI (`trueup up`) lists them." if more else ""
        raise Blocked(f"Nothing was published: {first}{others}")
    if finished.failure:
        raise ReconcileFailed(finished.failure)
