"""Dagster's log of events, written a few hundred at a time: one by one they cost a run more than all its models."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from threading import RLock
from typing import Any

from dagster import AssetKey, DagsterEventType, EventLogEntry, EventLogRecord
from dagster._core.storage.event_log.base import AssetEntry, AssetRecord
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from dagster._serdes import ConfigurableClassData
from dagster_postgres import PostgresEventLogStorage
from sqlalchemy import Connection

_AT_ONCE = 500
_MADE = DagsterEventType.ASSET_MATERIALIZATION
_WAITING = {
    DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
    DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED,
    DagsterEventType.STEP_OUTPUT,
    DagsterEventType.ASSET_CHECK_EVALUATION,
    _MADE,
}
"""Events that others always follow: the first step, or the end of the step."""
_OF_ASSETS = {DagsterEventType.ASSET_MATERIALIZATION_PLANNED, _MADE}
_OF_CHECKS = {DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED, DagsterEventType.ASSET_CHECK_EVALUATION}


class EventLog(PostgresEventLogStorage):
    """Keeps back the events of a step until it ends, and writes each kind of row with one statement.

    A process that is killed in between leaves a run that ended in the middle of a step, as it does without this. What
    is asked of the log meanwhile finds every materialization.
    """

    def __init__(
        self,
        postgres_url: str,
        should_autocreate_tables: bool = True,
        inst_data: ConfigurableClassData | None = None,
    ) -> None:
        self._lock, self._waiting, self._tables = RLock(), list[EventLogEntry](), set[str]()
        self._made = dict[AssetKey | None, EventLogRecord]()
        super().__init__(postgres_url, should_autocreate_tables, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> "EventLog":
        """Make it from its settings in dagster.yaml."""
        return cls(config_value["postgres_url"], inst_data=inst_data)

    def store_event(self, event: EventLogEntry) -> None:
        """Store an event, or keep it back for those that come after it."""
        with self._lock:
            if event.is_dagster_event and event.dagster_event_type in _WAITING:
                self._waiting.append(event)
                if len(self._waiting) == _AT_ONCE:
                    self._write()
                return
            self._write()
            self._made.clear()
        super().store_event(event)

    def get_asset_records(self, asset_keys: Sequence[AssetKey] | None = None) -> Sequence[AssetRecord]:
        """Return what the log has of assets; of those that the step under way made, from memory.

        Every model asks for each model it reads, which was made just before.
        """
        with self._lock:
            keys = set(asset_keys or ())
            if any(
                event.dagster_event_type is _MADE and event.get_dagster_event().asset_key in keys
                for event in self._waiting
            ):
                self._write()
            if keys and keys <= self._made.keys():
                return [_of_memory(key, self._made[key]) for key in keys]
        return super().get_asset_records(asset_keys)

    def has_table(self, table_name: str) -> bool:
        """Whether there is a table of that name; one that was there once is looked for no more."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def dispose(self) -> None:
        """Write what waits, and let the database go."""
        with self._lock:
            self._write()
        super().dispose()

    def _connect(self) -> AbstractContextManager[Connection]:
        with self._lock:
            if any(event.dagster_event_type is _MADE for event in self._waiting):
                self._write()
        return super()._connect()

    def _write(self) -> None:
        events, self._waiting = self._waiting, []
        if not events:
            return
        with self._connect() as connection:
            written = connection.execute(
                self.prepare_insert_event_batch(events).returning(SqlEventLogStorageTable.c.id)
            )
            numbered = dict(zip((row[0] for row in written), events, strict=True))
        self._index(numbered)
        made = {number: event for number, event in numbered.items() if event.dagster_event_type is _MADE}
        self._made |= {
            event.get_dagster_event().asset_key: EventLogRecord(number, event) for number, event in made.items()
        }
        for number, event in numbered.items():
            if event.dagster_event_type in _OF_CHECKS:
                self.store_asset_check_event(event, number)

    def _index(self, numbered: Mapping[int, EventLogEntry]) -> None:
        """Write what the log knows of assets: the tags of each event, and of each asset its newest event."""
        assets = {number: event for number, event in numbered.items() if event.dagster_event_type in _OF_ASSETS}
        newest = {str(event.get_dagster_event().asset_key): (number, event) for number, event in assets.items()}
        with self.index_transaction() as connection:
            self._store_asset_event_tags(connection, list(assets.values()), list(assets))
            for number, event in newest.values():
                self._store_asset_event(connection, event, number)


def _of_memory(key: AssetKey, made: EventLogRecord) -> AssetRecord:
    entry = AssetEntry(asset_key=key, last_materialization_record=made, last_run_id=made.run_id)
    return AssetRecord(storage_id=made.storage_id, asset_entry=entry)
