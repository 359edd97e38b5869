"""The unit tests of the models run here, on a fresh database."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.store.database import connect
from orchestration import ops
from orchestration.dbt_project import Dbt

RUN = UUID(int=1)

if TYPE_CHECKING:
    from ledger.settings import Settings
    from ledger.store.database import Database


def test_every_unit_test_of_the_models_passes(settings: Settings, database: Database) -> None:
    with connect(database, autocommit=True) as connection:
        ops.prepare(connection)
        ops.begin(connection, RUN, ops.run_setting(settings, date(2026, 11, 1), ()), "none", 0)
    dbt = Dbt(settings.home, database.dbt_environment())
    built = dbt.build("trueup.staging trueup.intermediate trueup.marts resource_type:seed", lambda _: None, whole=True)
    assert not [node.unique_id for node in built if node.failed]
    with connect(database, autocommit=True) as connection:
        (sessions,) = connection.execute(
            "select sessions from pg_stat_database where datname = current_database()"
        ).fetchone() or (0,)
    # Threads that look for what is there have one of their own, too.
    assert 0 < sessions < len(built) / 3, "each of dbt's threads keeps its connection"
    tried = dbt.unit_tests()
    assert len(tried) >= 32
    assert [node.unique_id for node in tried if node.status != "pass"] == []
