"""What is put into the drop folder is taken in once, whatever else lies there, and the books are brought up to it."""

from __future__ import annotations

import gzip
import os
import time
import warnings
from typing import TYPE_CHECKING, TypeAlias

import dagster as dg
import pytest

from ledger.store.database import Database, connect
from orchestration import dagster_home
from tests.support.remittance_writer import Payment, interchange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ledger.settings import Settings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from orchestration import drop_folder  # its import warns of other libraries' parts

ONE, TWO, THREE = (interchange((Payment(trace),)) for trace in ("TRACE1", "TRACE2", "TRACE3"))
Look: TypeAlias = "Callable[[str | None], dg.SensorResult]"


@pytest.fixture(name="inbox")
def _inbox(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


@pytest.fixture(name="look")
def _look(settings: Settings, inbox: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Look]:
    """Give a look of the sensor, as the daemon takes it; it gets the cursor of the look before."""
    monkeypatch.setenv("TRUEUP_HOME", str(settings.home))
    monkeypatch.setenv("TRUEUP_DATABASE_URL", str(settings.database_url))
    (sensor,) = drop_folder.watched(inbox).sensors or ()
    assert isinstance(sensor, dg.SensorDefinition)
    with dg.DagsterInstance.ephemeral() as instance:

        def take(cursor: str | None = None) -> dg.SensorResult:
            result = sensor(dg.build_sensor_context(instance, cursor=cursor))
            assert isinstance(result, dg.SensorResult)
            return result

        yield take


def put(path: Path, data: bytes) -> None:
    """Write a file that nobody has touched for a minute."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (time.time() - 60, time.time() - 60))


def database(settings: Settings) -> Database:
    return Database(str(settings.database_url))


def traces(settings: Settings) -> list[str]:
    """Return the trace numbers loaded, in the order of the loads."""
    with connect(database(settings)) as connection:
        rows = connection.execute("select trn_number from raw.era_transaction order by load_id, st_index").fetchall()
    return [row[0] for row in rows]


def test_what_is_new_is_taken_in_once_and_a_run_is_asked_for(settings: Settings, inbox: Path, look: Look) -> None:
    put(inbox / "a.835", ONE)
    put(inbox / "below" / "b", gzip.compress(TWO))
    first = look(None)
    assert traces(settings) == ["TRACE1", "TRACE2"]
    assert len(first.run_requests or ()) == 1
    second = look(first.cursor)
    assert not second.run_requests
    assert second.cursor == first.cursor
    put(inbox / "c.835", THREE)
    third = look(second.cursor)
    assert len(third.run_requests or ()) == 1
    assert traces(settings) == ["TRACE1", "TRACE2", "TRACE3"]


def test_an_unchanged_folder_is_listed_and_neither_read_nor_the_database_asked(
    inbox: Path, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(inbox / "a.835", ONE)
    cursor = look(None).cursor
    monkeypatch.setenv("TRUEUP_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nowhere")
    assert "Nothing new" in str(look(cursor).skip_reason)


def test_a_file_renamed_or_removed_changes_nothing_in_the_books(settings: Settings, inbox: Path, look: Look) -> None:
    put(inbox / "a.835", ONE)
    first = look(None).cursor
    (inbox / "a.835").rename(inbox / os.fsdecode(b"\xff\n.835"))
    second = look(first).cursor
    assert second != first
    assert traces(settings) == ["TRACE1"]
    (inbox / os.fsdecode(b"\xff\n.835")).unlink()
    assert look(second).cursor not in {first, second}
    with connect(database(settings)) as connection:
        assert connection.execute("select count(*) from ops.dropped_file").fetchone() == (0,)


def test_the_cursor_does_not_grow_with_the_folder(inbox: Path, look: Look) -> None:
    for number in range(30):
        put(inbox / f"{number}.835", ONE)
    assert len(look(None).cursor or "") == 64


def test_what_cannot_be_read_keeps_no_other_out_and_is_told_until_it_is_mended(
    settings: Settings, inbox: Path, look: Look
) -> None:
    (inbox / "a.835").symlink_to("gone.835")
    put(inbox / "b.835", ONE)
    put(inbox / "c.835.part", TWO)
    put(inbox / "d.gz", gzip.compress(TWO)[:-20])
    first = look(None)
    assert traces(settings) == ["TRACE1"]
    (run,) = first.run_requests or ()
    assert "a.835: cannot be read" in str(run.run_config)
    assert "d.gz: is damaged" in str(run.run_config)
    second = look(first.cursor)
    assert not second.run_requests
    assert "a.835: cannot be read" in str(second.skip_reason)
    assert "c.835.part: " in str(second.skip_reason)
    put(inbox / "gone.835", THREE)
    (inbox / "c.835.part").rename(inbox / "c.835")
    look(second.cursor)
    assert traces(settings) == ["TRACE1", "TRACE3", "TRACE2"]


def test_a_look_that_broke_off_is_made_up_for_by_the_next(
    settings: Settings, inbox: Path, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(inbox / "a.835", ONE)
    monkeypatch.setenv("TRUEUP_ARCHIVE_KEY_COMMAND", "false")
    with pytest.raises(dg.Failure) as failure:
        look(None)
    assert "TRUEUP_ARCHIVE_KEY_COMMAND ended with exit code 1" in str(failure.value.description)
    assert traces(settings) == []
    monkeypatch.delenv("TRUEUP_ARCHIVE_KEY_COMMAND")
    look(None)  # taken in, and its cursor lost
    assert len(look(None).run_requests or ()) == 1
    assert traces(settings) == ["TRACE1"]


def test_a_folder_that_is_not_there_is_told(inbox: Path, look: Look) -> None:
    inbox.rmdir()
    assert "inbox: cannot be read" in str(look(None).skip_reason)


def test_a_blocked_reconcile_fails_the_run_with_its_sentence(settings: Settings, inbox: Path, look: Look) -> None:
    put(inbox / "a.835", ONE)
    (run,) = look(None).run_requests or ()
    with connect(database(settings), autocommit=True) as connection:
        connection.execute("update raw.era_transaction set claims_cents = claims_cents + 1")
    home = dagster_home.prepare(settings.home, database(settings))
    with warnings.catch_warnings(), dg.DagsterInstance.from_config(str(home)) as instance:
        warnings.simplefilter("ignore")
        result = drop_folder.bring_up.execute_in_process(
            instance=instance, run_config=run.run_config, raise_on_error=False
        )
    assert not result.success
    (event,) = [event for event in result.all_events if event.is_step_failure]
    said = event.step_failure_data.user_failure_data
    assert said
    assert str(said.description).startswith("Nothing was published: raw.era_transaction: 1 row")


def test_the_definitions_of_dagsters_processes_hold_the_sensor_beside_the_graph(
    inbox: Path, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert look  # sets the environment
    monkeypatch.setenv("TRUEUP_DROP_FOLDER", str(inbox))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from orchestration import definitions  # noqa: PLC0415 - its import warns of other libraries' parts

        whole = definitions.trueup.load_fn().get_repository_def()
    assert [sensor.name for sensor in whole.sensor_defs] == ["drop_folder", "due"]
    assert whole.get_job("drop_folder").nodes
    assert dg.AssetKey(["raw", "remittances"]) in whole.asset_graph.get_all_asset_keys()
