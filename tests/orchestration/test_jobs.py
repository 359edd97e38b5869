"""What the daemon does by itself, and when."""

from __future__ import annotations

import contextlib
import time as clock
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._utils.schedules import schedule_execution_time_iterator  # what the daemon asks

from ledger.rules.requests import CreditBalance
from ledger.rules.stripe_events import of_document
from ledger.store import inbox
from ledger.store.database import Database, DatabaseUnavailable, connect
from orchestration import jobs
from orchestration.dagster_home import LANE
from orchestration.drop_folder import bring_up
from orchestration.reconcile import Blocked
from sandbox.stripe.serving import served
from tests.support.sending import shop
from tests.support.stripe_sandbox import client_of, events, pay

if TYPE_CHECKING:
    from ledger.settings import Settings


def schedules(settings: Settings) -> dict[str, dg.ScheduleDefinition]:
    """Return the schedules by the name of their job, as a loaded repository has them."""
    found = jobs.timetable(settings).get_repository_def().schedule_defs
    return {schedule.job_name: schedule for schedule in found}


def test_without_a_time_of_day_nothing_runs_by_itself(settings: Settings) -> None:
    assert {schedule.default_status for schedule in schedules(settings).values()} == {dg.DefaultScheduleStatus.STOPPED}
    (sensor,) = jobs.timetable(settings).sensors or ()
    assert isinstance(sensor, dg.SensorDefinition)
    assert sensor.default_status is dg.DefaultSensorStatus.STOPPED


def test_every_night_is_reconciled_and_on_the_first_the_month_before_summed_up(settings: Settings) -> None:
    found = schedules(replace(settings, nightly_at=time(2, 30), timezone="America/New_York"))
    assert set(found) == {"nightly_reconcile", "month_start", "deliver", "sweep"}
    for name in ("deliver", "sweep"):
        assert found.pop(name).default_status is dg.DefaultScheduleStatus.STOPPED
    assert {schedule.default_status for schedule in found.values()} == {dg.DefaultScheduleStatus.RUNNING}
    eve = datetime(2026, 10, 30, 12, tzinfo=UTC).timestamp()
    zone = ZoneInfo("America/New_York")
    # Clocks go back on 1 November 2026: half past two is still half past two.
    ticks = {name: _two_ticks(schedule, eve) for name, schedule in found.items()}
    assert ticks["nightly_reconcile"] == [
        datetime(2026, 10, 31, 2, 30, tzinfo=zone),
        datetime(2026, 11, 1, 2, 30, tzinfo=zone),
    ]
    assert ticks["month_start"] == [
        datetime(2026, 11, 1, 2, 30, tzinfo=zone),
        datetime(2026, 12, 1, 2, 30, tzinfo=zone),
    ]


def _two_ticks(schedule: dg.ScheduleDefinition, after: float) -> list[datetime]:
    moments = schedule_execution_time_iterator(after, schedule.cron_schedule, schedule.execution_timezone)
    return [next(moments), next(moments)]


def test_a_database_that_is_away_is_tried_again_and_what_is_wrong_is_not() -> None:
    with pytest.raises(dg.Failure) as away, jobs.in_sentences():
        raise DatabaseUnavailable("The database books cannot be reached.")
    assert away.value.allow_retries
    assert away.value.description == "The database books cannot be reached."
    with pytest.raises(dg.Failure) as wrong, jobs.in_sentences():
        raise Blocked("Nothing was published: raw.visit: 1 row: a visit state outside the vocabulary.")
    assert not wrong.value.allow_retries


def test_the_outbox_is_delivered_by_the_clock_where_there_is_a_key(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = schedules(replace(settings, stripe_key="sk_test_x"))["deliver"]
    assert (found.default_status, found.cron_schedule) == (dg.DefaultScheduleStatus.RUNNING, "*/5 * * * *")
    with shop(Database(settings.database_url or "")) as opened:
        assert opened.put(opened.a(CreditBalance))
        for name, value in {
            "TRUEUP_HOME": str(settings.home),
            "TRUEUP_DATABASE_URL": settings.database_url or "",
            "TRUEUP_STRIPE_URL": opened.recorder.url,
        }.items():
            monkeypatch.setenv(name, value)
        jobs.deliver_outbox(dg.build_op_context())
        assert opened.states() == ["pending"]
        monkeypatch.setenv("TRUEUP_STRIPE_KEY", "sk_test_x")
        assert isinstance(_looked(), dg.RunRequest)
        jobs.deliver_outbox(dg.build_op_context())
        assert opened.states() == ["done"]
        assert isinstance(_looked(), dg.SkipReason)


def _looked(*under_way: dg.DagsterRunStatus) -> object:
    """Return what a look for something due answers, while some deliveries are under way."""
    with dg.DagsterInstance.ephemeral() as instance:
        for status in under_way:
            instance.create_run_for_job(jobs.deliver, status=status)
        return jobs.look_for_due(dg.build_sensor_context(instance))


def test_what_is_due_is_delivered_at_once_and_by_one_run_at_a_time(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    (found,) = jobs.timetable(replace(settings, stripe_key="sk_test_x")).sensors or ()
    assert isinstance(found, dg.SensorDefinition)
    assert (found.default_status, found.minimum_interval_seconds) == (dg.DefaultSensorStatus.RUNNING, 15)
    monkeypatch.setenv("TRUEUP_HOME", str(settings.home))
    monkeypatch.setenv("TRUEUP_DATABASE_URL", settings.database_url or "")
    with shop(Database(settings.database_url or "")) as opened:
        assert opened.put(opened.a(CreditBalance))
        assert isinstance(_looked(dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE), dg.RunRequest)
        assert isinstance(_looked(dg.DagsterRunStatus.STARTING), dg.SkipReason)
        assert isinstance(_looked(dg.DagsterRunStatus.STARTED), dg.SkipReason)


def test_what_two_events_of_one_second_leave_in_doubt_is_read_with_the_next_delivery(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of four charges some stand as open by the larger hash; a look sees it, and a minute later all are paid."""
    for name, value in {"HOME": str(settings.home), "DATABASE_URL": database.url, "STRIPE_KEY": "sk_test_x"}.items():
        monkeypatch.setenv(f"TRUEUP_{name}", value)
    with served() as sandbox, contextlib.closing(connect(database, autocommit=True)) as books:
        monkeypatch.setenv("TRUEUP_STRIPE_URL", sandbox.url)
        sandbox.control.clock(now=int(clock.time()) - 10, stopped=True)
        for visit in range(1, 5):
            pay(sandbox, visit)
        for one in events(sandbox):
            inbox.receive(books, "payments", of_document(one))
        assert isinstance(_looked(), dg.RunRequest)
        with dg.DagsterInstance.ephemeral() as instance:
            assert jobs.deliver.execute_in_process(instance=instance).success
        stands = "select payload ->> 'status' from ledger.stripe_object where object_type = 'invoice'"
        assert books.execute(stands).fetchall() == [("paid",)] * 4
        assert isinstance(_looked(), dg.SkipReason)


def test_jobs_that_make_the_books_anew_hold_up_no_other(settings: Settings) -> None:
    lanes: dict[str, set[str]] = {}
    for job in jobs.timetable(settings).get_repository_def().get_all_jobs():
        if not job.name.startswith("__"):
            lanes.setdefault(job.tags[LANE], set()).add(job.name)
    assert lanes == {"books": {"nightly_reconcile", "month_start"}, "sending": {"deliver"}, "fetching": {"sweep"}}
    assert bring_up.tags[LANE] == "books"


def test_what_webhooks_did_not_bring_is_fetched_by_the_clock_where_there_is_a_key(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = schedules(replace(settings, stripe_key="sk_test_x"))["sweep"]
    assert (found.default_status, found.cron_schedule) == (dg.DefaultScheduleStatus.RUNNING, "17 * * * *")
    with served() as sandbox, contextlib.closing(connect(database, autocommit=True)) as books:
        sandbox.control.endpoint("http://127.0.0.1:9/", "whsec_x")
        client_of(sandbox).v1.customers.create({})
        monkeypatch.setenv("TRUEUP_HOME", str(settings.home))
        monkeypatch.setenv("TRUEUP_DATABASE_URL", database.url)
        monkeypatch.setenv("TRUEUP_STRIPE_URL", sandbox.url)
        jobs.fetch_missed(dg.build_op_context())
        assert books.execute("select count(*) from ledger.inbox").fetchone() == (0,)
        monkeypatch.setenv("TRUEUP_STRIPE_KEY", "sk_test_x")
        jobs.fetch_missed(dg.build_op_context())
        assert books.execute("select event_type from ledger.inbox").fetchall() == [("customer.created",)]
