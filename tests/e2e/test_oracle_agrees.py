"""The marts against the oracle, to the cent, on big random worlds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import product_run
from tests.support.oracle.books import keep
from tests.support.random_world import Options, random_world

if TYPE_CHECKING:
    from ledger.store.database import Database
    from tests.support.oracle.books import Books

# A world that lacks a case proves nothing about it.
CATEGORIES = {
    *("completed_not_billed", "charge_failed", "billed_not_billable", "duplicate_charge", "claim_never_adjudicated"),
    *("denied", "pos_mismatch", "underpaid", "orphan_charge", "orphan_remit", "remit_for_unbillable_visit"),
    *("eft_missing", "recoupment_open"),
}
OF_THE_ORACLE = {"memos": "memo_cents", "revenue_feed": "accounts", "cash_by_day": "cash_of_visits"}


@pytest.fixture(scope="module")
def books_and_marts(
    module_database: Database, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Books, dict[str, list[str]]]:
    """One big world, loaded and reconciled once."""
    home = tmp_path_factory.mktemp("agrees")
    world = random_world(11, Options(visits=800))
    product = product_run.Product.at(module_database, home / "home", world)
    receipts = product.load(world, home / "files")
    assert [r.quarantined for r in receipts if r.kind != "era" and r.quarantined] == []
    product.reconcile(world)
    books = keep(product.with_hashes(world).inputs())
    return books, product_run.compare(product, books)


@pytest.mark.parametrize(
    "table",
    [
        *("visit_revenue", "memos", "leaks", "era_tieout", "eft_tieout"),
        *("unmatched_remits", "denials", "payout_tieout", "provider_balances", "month_summary"),
        *("ar_ageing", "month_ratios", "lag_triangle", "revenue_feed", "pos_variance", "corrected_claims"),
        *("cash_by_day", "practice_summary"),
        *("practice_months", "provider_months", "practice_ageing"),
    ],
)
def test_a_mart_says_what_the_contract_says(books_and_marts: tuple[Books, dict[str, list[str]]], table: str) -> None:
    books, disagreements = books_and_marts
    assert getattr(books, OF_THE_ORACLE.get(table, table))
    assert not disagreements[table], product_run.told({table: disagreements[table]})


def test_the_world_has_every_leak_verdict_and_bank_status(
    books_and_marts: tuple[Books, dict[str, list[str]]],
) -> None:
    books, _ = books_and_marts
    assert {leak.category for leak in books.leaks} == CATEGORIES
    assert {row["verdict"] for row in books.era_tieout} == {"posted", "held", "duplicate", "conflict"}
    assert {row["status"] for row in books.eft_tieout.values()} == {"matched", "missing", "unexpected", "mismatch"}
