"""What keeps a closing from starting: figures that are not of everything loaded."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from ingestion import landing
from ledger.store.database import connect
from orchestration import checklist, ops
from orchestration.reconcile import rests_on

if TYPE_CHECKING:
    from ledger.settings import Settings
    from ledger.store.database import Database

AS_OF = date(2026, 11, 1)
RUN, RUN2 = UUID(int=1), UUID(int=2)


def test_a_backfill_that_no_reconcile_has_seen_keeps_a_month_open(settings: Settings, database: Database) -> None:
    with connect(database, autocommit=True) as connection:
        landing.ensure_schema(connection)
        ops.prepare(connection)
        setting, inputs, through = rests_on(connection, settings, AS_OF)
        ops.begin(connection, RUN, setting, inputs, through)
        ops.succeed(connection, RUN, 0, ())
        connection.execute("insert into ops.touched values ('object', 'ch_1')")
        # A month that is not over either: the checks of the marts, of which there are none yet, are left out.
        over, run = checklist.judged(connection, settings, "2026-10", date(2026, 10, 31))
        assert over.open
        assert [point.found[:32] for point in run.open] == ["A backfill made days anew that n"]
        ops.begin(connection, RUN2, setting, inputs, through)
        ops.succeed(connection, RUN2, 0, ())
        _, run = checklist.judged(connection, settings, "2026-10", date(2026, 10, 31))
        assert run.open == ()
