"""What a build does beside making its tables: how it drops the old ones, and what it asks of months closed long ago."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from ledger.store import closed_figures, periods
from ledger.store.closed_figures import Published
from ledger.store.database import connect
from orchestration import ops
from orchestration.dbt_project import Dbt

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from ledger.settings import Settings
    from ledger.store.database import Database
    from orchestration.dbt_project import Node

AS_OF = date(2026, 11, 1)
# As it was published when nothing withheld was a figure of the month.
PUBLISHED_THEN = Published(
    "month_summary",
    (("period", "text"), ("measure", "text"), ("amount_cents", "bigint"), ("count", "bigint")),
    "select '2026-09' as period, 'gross_charges' as measure, 500 as amount_cents, 1 as count",
)
DROPS = "hashtextextended('trueup.drop', 0)"
SECONDS = 60


@pytest.fixture
def dbt(settings: Settings, database: Database) -> Dbt:
    """Be dbt on a database that a run can begin on."""
    with connect(database, autocommit=True) as connection:
        ops.prepare(connection)
        ops.begin(connection, UUID(int=1), ops.run_setting(settings, AS_OF, ()), "none", 0)
    return Dbt(settings.home, database.dbt_environment())


def test_drops_take_turns_since_they_take_views_along_that_they_have_in_common(dbt: Dbt, database: Database) -> None:
    with connect(database, autocommit=True) as connection, ThreadPoolExecutor(1) as pool:
        for relation in ("stg_visits__fees", "account"):
            assert not [node for node in _built(dbt, relation) if node.failed]
            connection.execute(f"select pg_advisory_lock({DROPS})")
            again = pool.submit(_built, dbt, relation)
            try:
                while not (waits := _somebody_waits(connection)) and not again.done():
                    time.sleep(0.05)
            finally:
                connection.execute(f"select pg_advisory_unlock({DROPS})")
            assert not [node for node in again.result(SECONDS) if node.failed]
            assert waits, relation


def test_what_a_killed_run_had_put_away_goes_and_what_is_made_anew_has_its_readers_and_words(
    dbt: Dbt, database: Database
) -> None:
    assert not [node for node in _built(dbt, "+feed_files stg_visits__fees") if node.failed]
    with connect(database, autocommit=True) as connection:
        connection.execute("create table marts.feed_files__dbt_backup as select 1 as row")
        connection.execute("create view staging.stg_visits__fees__dbt_backup as select 1 as row")
        assert not [node for node in _built(dbt, "feed_files stg_visits__fees") if node.failed]
        assert connection.execute("select relname from pg_class where relname like '%\\_\\_dbt\\_%'").fetchall() == []
        words, column, is_read = connection.execute("""
            select obj_description(oid), col_description(oid, 1), has_table_privilege('trueup_reader', oid, 'select')
            from pg_class where oid = 'marts.feed_files'::regclass
        """).fetchone() or ("", "", False)
    assert "A load a row" in words
    assert column
    assert is_read


def test_a_month_that_was_closed_before_a_figure_was_published_stops_no_run(dbt: Dbt, database: Database) -> None:
    with connect(database) as connection:
        closed_figures.freeze(connection, "2026-09", 1, PUBLISHED_THEN)
        periods.append(connection, "2026-09", "close", None, "Ada")
        connection.commit()
    built = _built(dbt, "+month_summary")
    assert {node.unique_id.split(".")[2] for node in built} >= {"assert_every_cent_of_gross_charges_has_its_step"}
    assert not [node.unique_id for node in built if node.failed]


def test_no_view_says_what_only_a_table_keeps(dbt: Dbt) -> None:
    views = [node for node in dbt.manifest()["nodes"].values() if node["config"].get("materialized") == "view"]
    assert views
    for view in views:
        ruled = [view, *view["columns"].values()]
        kinds = {rule["type"] for each in ruled for rule in each.get("constraints", ())}
        said = view["config"]["meta"].get("holds") or view["config"].get("indexes") or kinds - {"not_null"}
        assert not said, view["name"]


def _built(dbt: Dbt, selection: str) -> Sequence[Node]:
    return dbt.build(selection, lambda _: None, whole=True)


def _somebody_waits(connection: psycopg.Connection) -> bool:
    waiting = """
        select from pg_locks join pg_database on pg_database.oid = pg_locks.database
        where datname = current_database() and locktype = 'advisory' and not granted
    """
    return connection.execute(waiting).fetchone() is not None
