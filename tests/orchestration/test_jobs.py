"""What the daemon does by itself, and when."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._utils.schedules import schedule_execution_time_iterator  # what the daemon asks

from ledger.rules.requests import CreditBalance
from ledger.store.database import Database, DatabaseUnavailable, connect
from orchestration import jobs
from orchestration.reconcile import Blocked
from sandbox.stripe.serving import served
from tests.support.sending import shop
from tests.support.stripe_sandbox import client_of

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
