"""What Dagster's daemon runs by itself: a reconcile, last month's summary on the first, and what the outbox holds."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from ledger.dispatch import Dispatcher
from ledger.gateways.mail import Console, mailer
from ledger.gateways.stripe_gateway import StripeGateway
from ledger.gateways.stripe_listing import StripeListing
from ledger.settings import Settings
from ledger.store import inbox, outbox
from ledger.sweep import Swept, read_again
from orchestration import patience
from orchestration.commands import errors, month_mail, summary, webhooks, workspace
from orchestration.commands.output import Output, counted
from orchestration.commands.reconcile import today
from orchestration.dagster_home import LANE
from orchestration.reconcile import Outcome, reconcile

AGAIN = dg.RetryPolicy(max_retries=3, delay=60, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)
"""For a database that is still away when the patience of one attempt has ended; any other failure fails at once."""

BOOKS, SENDING, FETCHING = {LANE: "books"}, {LANE: "sending"}, {LANE: "fetching"}
"""The lanes of jobs: one that makes the books anew holds up neither charges nor what Stripe told."""

SECONDS_BETWEEN_LOOKS = 15
DOUBTFUL_SINCE = timedelta(hours=1)
"""How far back a delivery looks for versions in doubt; the hourly sweep looks further."""
DOUBTFUL_LOOKED_FOR = timedelta(minutes=2)
"""How long a version in doubt asks for a delivery of its own: one that cannot be read is no reason for ever."""
_UNDER_WAY = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


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


@dg.op(retry_policy=AGAIN)
def tell_finance(context: dg.OpExecutionContext, day: date) -> None:
    """Mail the figures of the month before `day` to finance, to each address once."""
    month = f"{day.replace(day=1) - timedelta(days=1):%Y-%m}"
    with in_sentences(), workspace.opened() as books:
        settings = books.settings
        with books.connection() as connection:
            if not settings.finance_mail or not summary.has_figures(connection, month):
                context.log.info("TRUEUP_FINANCE_MAIL names nobody, or there are no figures of %s: no mail.", month)
                return
        gateway = mailer(settings.mail_url, settings.mail_from, Console())
        left = month_mail.send(books.database, month, settings.finance_mail, gateway)
        context.log.info("%s of %s sent.", counted(left, "mail"), month)


@dg.op(retry_policy=AGAIN)
def deliver_outbox(context: dg.OpExecutionContext) -> None:
    """Deliver what stands in the outbox; what the plan says is due is queued by a person's `trueup send` alone."""
    with in_sentences(), workspace.opened() as books:
        if not books.settings.stripe_key:
            context.log.info("TRUEUP_STRIPE_KEY is empty: nothing was sent.")
            return
        gateway = StripeGateway(books.settings.stripe_key, books.settings.stripe_url)
        ended = Counter(each.outcome.state.value for each in Dispatcher(books.database, gateway).deliver_all())
        told = ", ".join(f"{count} {state}" for state, count in sorted(ended.items()))
        context.log.info("Tried: %s.", told or "nothing was due")


@dg.op(ins={"delivered": dg.In(dg.Nothing)}, retry_policy=AGAIN)
def read_doubtful(context: dg.OpExecutionContext) -> None:
    """Read again what two events of one second leave in doubt: a charge is made, finalised and paid within one."""
    with in_sentences(), workspace.opened() as books, books.connection() as connection:
        settings, now = books.settings, datetime.now(UTC)
        if not settings.stripe_key:
            return
        connection.rollback()
        connection.autocommit = True  # each object is a transaction of its own
        source = StripeListing(settings.stripe_key, settings.stripe_url, settings.stripe_is_live)
        swept = read_again(connection, source, now - DOUBTFUL_SINCE, now, Swept())
        context.log.info("Objects in doubt read again: %s.", swept.read_again)


@dg.op(retry_policy=AGAIN)
def fetch_missed(context: dg.OpExecutionContext) -> None:
    """Do what `trueup webhooks sweep` does, over the last three days: as long as Stripe itself sends again."""
    with in_sentences(), workspace.opened() as books, books.connection() as connection:
        if not books.settings.stripe_key:
            context.log.info("TRUEUP_STRIPE_KEY is empty: nothing was asked.")
            return
        swept = webhooks.swept_by(books, connection, timedelta(days=3), Output(as_json=True))
        context.log.info("Events that were missed: %s; objects read again: %s.", dict(swept.missed), swept.read_again)


@dg.job(name="nightly_reconcile", tags=BOOKS, executor_def=dg.in_process_executor)
def nightly_reconcile() -> None:
    """Bring the books up to what is loaded, with ages as of today."""
    reconcile_books()


@dg.job(name="month_start", tags=BOOKS, executor_def=dg.in_process_executor)
def month_start() -> None:
    """Reconcile, then write the summary of last month and its page, and mail finance its figures."""
    day = reconcile_books()
    sum_up(day)
    tell_finance(day)


@dg.job(name="deliver", tags=SENDING, executor_def=dg.in_process_executor)
def deliver() -> None:
    """Deliver charges, usage and memos that are due, and read what Stripe's word on earlier ones leaves in doubt."""
    read_doubtful(deliver_outbox())


@dg.job(name="sweep", tags=FETCHING, executor_def=dg.in_process_executor)
def sweep() -> None:
    """Fetch the events of Stripe's that did not come, and read again what they leave in doubt."""
    fetch_missed()


def look_for_due(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Ask for a delivery where one is due, or a version in doubt, and none is under way.

    A visit is charged within the minute it was closed, and within the next one it is known that it is paid.
    """
    under_way = dg.RunsFilter(job_name=deliver.name, statuses=_UNDER_WAY)
    if context.instance.get_runs_count(under_way):
        return dg.SkipReason("A delivery is under way.")
    with in_sentences(), workspace.opened() as books, books.connection() as connection:
        now = datetime.now(UTC)
        is_due = outbox.due(connection, now) or inbox.in_doubt(connection, now - DOUBTFUL_LOOKED_FOR, now)
    return dg.RunRequest() if is_due else dg.SkipReason("Nothing is due.")


def timetable(settings: Settings) -> dg.Definitions:
    """Return the jobs with their schedules; days are local.

    The reconciles run where TRUEUP_NIGHTLY_AT is set. Where TRUEUP_STRIPE_KEY is, deliveries as soon as one is due, and
    every five minutes for what follows from time alone, and sweeps every hour.
    """
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
    sending = dg.DefaultScheduleStatus.RUNNING if settings.stripe_key else dg.DefaultScheduleStatus.STOPPED
    schedules += [
        dg.ScheduleDefinition(job=job, cron_schedule=cron, default_status=sending)
        for job, cron in ((deliver, "*/5 * * * *"), (sweep, "17 * * * *"))
    ]
    looking = dg.SensorDefinition(
        name="due",
        job=deliver,
        evaluation_fn=look_for_due,
        minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
        default_status=dg.DefaultSensorStatus.RUNNING if settings.stripe_key else dg.DefaultSensorStatus.STOPPED,
        description="Delivers what stands in the outbox as soon as it is due.",
    )
    jobs = [nightly_reconcile, month_start, deliver, sweep]
    return dg.Definitions(jobs=jobs, schedules=schedules, sensors=[looking], executor=dg.in_process_executor)


@contextmanager
def in_sentences() -> Iterator[None]:
    """Turn any error into its sentence: Dagster keeps the words of an error, and those may hold values of a row."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - told as a sentence, whatever it is
        said = errors.explained(error) or errors.unexpected(error, Settings.from_environment().home)
        again = patience.went_away(error) or isinstance(error, month_mail.NotAllDelivered)
        raise dg.Failure(said.sentence, allow_retries=again) from None
