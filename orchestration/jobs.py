"""What Dagster's daemon runs by itself: a reconcile, and at the start of a month the summary of the month before."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import dagster as dg

from ledger.settings import Settings
from orchestration import patience
from orchestration.commands import errors, summary, workspace
from orchestration.commands.output import counted
from orchestration.commands.reconcile import today
from orchestration.reconcile import Outcome, reconcile

AGAIN = dg.RetryPolicy(max_retries=3, delay=60, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)
"""For a database that is still away when the patience of one attempt has ended; any other failure fails at once."""


@dg.op(config_schema={"said": dg.Field([str], default_value=[])}, retry_policy=AGAIN)
def reconcile_books(context: dg.OpExecutionContext) -> date:
    """Do what `trueup reconcile` does, as of today; a broken contract fails the run with its sentence."""
    for sentence in context.op_config["said"]:
        context.log.warning(sentence)

    def attempt() -> tuple[Outcome, date]:
        with workspace.opened() as books:
            day = today(books.settings.timezone)
            return reconcile(books.settings, books.database, as_of=day, on_step=lambda *_: None), day

    with in_sentences():
        outcome, day = patience.persistently(attempt, context.log.warning)
    for warning in outcome.warnings:
        context.log.warning(warning)
    news = "nothing new" if outcome.nothing_new else f"{counted(outcome.memos, 'memo')} issued"
    context.log.info("Reconciled in run %s: %s.", outcome.run_id, news)
    return day


@dg.op(retry_policy=AGAIN)
def sum_up(context: dg.OpExecutionContext, day: date) -> None:
    """Write the summary and the page of the month before `day` to exports/."""
    month = f"{day.replace(day=1) - timedelta(days=1):%Y-%m}"
    with in_sentences(), workspace.opened() as books, books.connection() as connection:
        if not summary.has_figures(connection, month):
            context.log.info("There are no figures of %s: nothing was written.", month)
            return
        for file in summary.write(connection, month, day, books.settings.home / "exports"):
            context.log.info("Wrote %s.", file)


@dg.job(name="nightly_reconcile", executor_def=dg.in_process_executor)
def nightly_reconcile() -> None:
    """Bring the books up to what is loaded, with ages as of today."""
    reconcile_books()


@dg.job(name="month_start", executor_def=dg.in_process_executor)
def month_start() -> None:
    """Reconcile, then write the summary of last month and its page."""
    sum_up(reconcile_books())


def timetable(settings: Settings) -> dg.Definitions:
    """Return both jobs with their schedules, which run where TRUEUP_NIGHTLY_AT is set; days are local."""
    at = settings.nightly_at
    minute, hour = (at.minute, at.hour) if at else (0, 0)
    status = dg.DefaultScheduleStatus.RUNNING if at else dg.DefaultScheduleStatus.STOPPED
    schedules = [
        dg.ScheduleDefinition(job=job, cron_schedule=cron, execution_timezone=settings.timezone, default_status=status)
        for job, cron in (
            (nightly_reconcile, f"{minute} {hour} * * *"),
            (month_start, f"{minute} {hour} 1 * *"),
        )
    ]
    return dg.Definitions(jobs=[nightly_reconcile, month_start], schedules=schedules, executor=dg.in_process_executor)


@contextmanager
def in_sentences() -> Iterator[None]:
    """Turn any error into its sentence: Dagster keeps the words of an error, and those may hold values of a row."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - told as a sentence, whatever it is
        said = errors.explained(error) or errors.unexpected(error, Settings.from_environment().home)
        raise dg.Failure(said.sentence, allow_retries=patience.went_away(error)) from None
