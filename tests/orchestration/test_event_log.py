"""Dagster's log keeps events back for each other, and loses none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg
import pytest

from orchestration import dagster_home, execution
from orchestration.event_log import EventLog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.settings import Settings
    from ledger.store.database import Database

DAY = dg.AssetKey("day")
DAYS = [f"2026-10-{day:02d}" for day in range(1, 32)]


@pytest.fixture
def instance(settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """Open a Dagster of its own."""
    monkeypatch.setenv(dagster_home.URL_VARIABLE, "")
    with execution.instance(dagster_home.prepare(settings.home, database)) as opened:
        yield opened


def made(instance: dg.DagsterInstance) -> None:
    """Report a month of partitions."""
    for day in DAYS:
        instance.report_runless_asset_event(
            dg.AssetMaterialization(DAY, partition=day, tags={"dagster/data_version": f"of {day}"})
        )


def seen_by_others(settings: Settings) -> set[str]:
    """Return the partitions that another process sees."""
    with execution.instance(settings.home / "dagster") as other:
        return set(other.get_materialized_partitions(DAY))


def test_what_is_kept_back_is_found_by_whoever_asks_this_log(instance: dg.DagsterInstance, settings: Settings) -> None:
    assert isinstance(instance.event_log_storage, EventLog)
    made(instance)
    assert seen_by_others(settings) == set()
    assert set(instance.get_materialized_partitions(DAY)) == set(DAYS)
    assert seen_by_others(settings) == set(DAYS)
    newest = instance.get_latest_materialization_event(DAY)
    assert newest is not None
    assert newest.asset_materialization is not None
    assert newest.asset_materialization.partition == DAYS[-1]


def test_each_event_keeps_its_own_tags(instance: dg.DagsterInstance) -> None:
    made(instance)
    for day in (DAYS[0], DAYS[16]):
        (record,) = instance.fetch_materializations(
            dg.AssetRecordsFilter(asset_key=DAY, asset_partitions=[day]), limit=1
        ).records
        assert record.asset_materialization is not None
        assert record.asset_materialization.tags == {"dagster/data_version": f"of {day}"}


def test_what_is_still_kept_back_at_the_end_is_written(settings: Settings, instance: dg.DagsterInstance) -> None:
    made(instance)
    instance.dispose()
    assert seen_by_others(settings) == set(DAYS)


def test_what_a_step_made_is_told_from_memory_as_the_database_tells_it(
    instance: dg.DagsterInstance, settings: Settings
) -> None:
    made(instance)
    (remembered,) = instance.get_asset_records([DAY])
    assert seen_by_others(settings) == set(DAYS)
    with execution.instance(settings.home / "dagster") as other:
        (stored,) = other.get_asset_records([DAY])
    told, kept = remembered.asset_entry.last_materialization_record, stored.asset_entry.last_materialization_record
    assert told is not None
    assert told == kept
    assert instance.get_asset_records([DAY, dg.AssetKey("never")])[0].asset_entry.last_materialization_record == kept
