"""The embedded server's settings follow the memory there is."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from ledger.store.database import connect
from ledger.store.server_settings import memory, sized_for

if TYPE_CHECKING:
    from ledger.store.database import Database


@pytest.mark.parametrize(
    ("gibibytes", "cache", "sort"),
    [(1, "128MB", "8MB"), (8, "512MB", "32MB"), (24, "1536MB", "96MB"), (512, "2048MB", "128MB")],
)
def test_a_larger_machine_gives_more_up_to_a_bound(gibibytes: int, cache: str, sort: str) -> None:
    options = sized_for(gibibytes << 30)
    assert f"-c shared_buffers={cache} " in options
    assert f"-c work_mem={sort} " in options


def test_the_running_server_has_them_and_keeps_what_is_durable(module_database: Database) -> None:
    with contextlib.closing(connect(module_database)) as connection:
        settings = dict(connection.execute("select name, setting from pg_settings").fetchall())
    assert (settings["wal_level"], settings["jit"], settings["max_wal_senders"]) == ("minimal", "off", "0")
    assert f"-c work_mem={int(settings['work_mem']) // 1024}MB " in sized_for(memory())
