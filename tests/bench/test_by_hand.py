"""SQL written by hand, with other means than the models, finds every row of the books that a reconcile publishes."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from bench import agreement, analyst, books, by_hand
from bench.books.catalog import AS_OF
from ingestion import landing
from ingestion.era835 import load as era835
from ingestion.era835.archive import Archive
from ledger.settings import Settings
from ledger.store.database import connect
from orchestration.reconcile import reconcile
from tests.support.product_run import LOADERS

if TYPE_CHECKING:
    from pathlib import Path

    from bench.books import Books
    from ledger.store.database import Database

pytestmark = pytest.mark.timeout(600)
VISITS = 600
EMPTY = {"underpayments"}
"""The payers of these files keep to their contracts."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Books:
    return books.kept(tmp_path_factory.mktemp("books") / "some", VISITS)


@pytest.fixture(scope="module")
def reconciled(module_database: Database, tmp_path_factory: pytest.TempPathFactory, made: Books) -> Database:
    home = tmp_path_factory.mktemp("home")
    _load(module_database, home, made)
    settings = Settings(home=home, database_url=module_database.url)
    reconcile(settings, module_database, as_of=AS_OF, on_step=lambda *_: None)
    return module_database


def test_the_tables_made_by_hand_are_those_of_a_reconcile_row_by_row(reconciled: Database) -> None:
    with contextlib.closing(connect(reconciled)) as connection:
        by_hand.make(connection, AS_OF)
    differing = agreement.with_hand(reconciled)
    assert len(differing) >= 24
    assert not {table: rows for table, rows in differing.items() if rows}
    with contextlib.closing(connect(reconciled)) as connection:
        for table in differing.keys() - EMPTY:
            assert connection.execute(f"select exists (select from by_hand.{table})".encode()).fetchone() == (True,), (
                table
            )
        connection.execute("update by_hand.revenue_feed set debit_cents = debit_cents + 1 where account = 'bank'")
        connection.commit()
    assert agreement.with_hand(reconciled)["revenue_feed"] > 0


def test_pandas_finds_the_amounts_of_every_visit_of_a_reconcile(
    reconciled: Database, made: Books, tmp_path: Path
) -> None:
    visits, _ = analyst.books(made.late.parents[1])
    visits.to_parquet(tmp_path / "visits.parquet")
    assert agreement.with_pandas(reconciled, tmp_path) == {"visits": 0}
    visits.assign(memo_cents=visits["memo_cents"] + 1).to_parquet(tmp_path / "visits.parquet")
    assert agreement.with_pandas(reconciled, tmp_path) == {"visits": VISITS}


def _load(database: Database, home: Path, made: Books) -> None:
    archive = Archive(home / "archive", bytes(32))
    with contextlib.closing(connect(database)) as connection:
        landing.ensure_schema(connection)
        for kind, paths in made.files.items():
            for path in paths:
                if kind == "era":
                    list(era835.load(connection, path, archive))
                else:
                    LOADERS[kind](connection, path)
                connection.commit()
