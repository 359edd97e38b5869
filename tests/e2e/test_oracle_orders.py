"""The books don't depend on the order, the batches or the repetition of what comes in."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from ingestion.era835 import matching
from ingestion.era835.matching import ClaimName
from ledger.store.database import connect
from tests.support import product_run, world_files
from tests.support.databases import fresh
from tests.support.oracle.books import keep
from tests.support.oracle.inputs import Claim, HandMatch, Inputs
from tests.support.random_remits import RemitFile
from tests.support.random_world import Options, World, joined, random_world

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.store.database import Database

# Which of two conflicting remits comes first is the one thing that hangs on arrival. Other worlds live in New York.
SAME_IN_ANY_ORDER = Options(visits=300, conflicts=False, timezone="Asia/Kolkata")
ORDERS = int(os.environ.get("TRUEUP_ORDERS", "1"))
"""How many random orders are tried: one in every run of the tests, each another; more at night."""
TABLES = (
    *("visit_revenue", "leaks", "era_tieout", "eft_tieout", "unmatched_remits", "denials", "payout_tieout"),
    *("provider_balances", "reversals", "ar_ageing", "month_ratios", "revenue_waterfall", "underpayments", "pos_mix"),
    *("revenue_feed", "trial_balance", "roll_forwards"),
    *("payer_scorecard", "plb_rollforward", "lag_triangle", "unapplied_cash", "cash", "cash_by_day"),
    *("pos_variance", "corrected_claims", "hand_matches", "memo_totals", "tieout_totals"),
    *("practice_months", "provider_months", "practice_ageing"),
)

MOVED = """
    select source_id
    from ledger.journal as waiting join ledger.journal as posted using (source_kind, source_id)
    where 'unapplied_cash' = any(waiting.accounts) and waiting.reverses is null
        and 'payer_receivable' = any(posted.accounts) and posted.version > waiting.version
"""

MATCHES = "select matched_by from intermediate.int_remits__matches order by matched_by"
JOURNAL = "select count(*) as entries, sum(version) as versions, max(recorded_at) as newest from ledger.journal"


def _issued(product: product_run.Product, world: World) -> dict[str, int]:
    """Return the memos of disputed visits, the one sum that hangs on what came before the dispute."""
    disputed = {t for t, book in keep(world.inputs()).visits.items() if book.desired_memo_cents is None}
    return {token: cents for token, cents in product.memo_sums().items() if token in disputed}


@dataclass(frozen=True)
class InThree:
    """A world that came in three batches, and the product with a reconcile after each."""

    product: product_run.Product
    world: World
    batches: list[World]
    words: list[HandMatch]

    def inputs(self, world: World) -> Inputs:
        """Return what the oracle is given of a world as it came: people's words on its claims too."""
        return replace(self.product.with_hashes(world).inputs(), matches=self.words)


def _words(product: product_run.Product) -> list[HandMatch]:
    """Match every claim that waits to some visit; move the second match, take back the third."""
    places = "file_sha256, st_index, claim_index"
    unmatched = product.rows(f"select {places} from marts.unmatched_remits order by {places}")
    waiting = [ClaimName(*row.values()) for row in unmatched]
    visits = [row["visit_token"] for row in product.rows("select visit_token from marts.visit_revenue order by 1")]
    words: list[HandMatch] = []

    def say(claim: ClaimName, to: str | None, instead_of: str | None = None) -> None:
        before = UUID(instead_of) if instead_of else None
        matching.match(connection, claim, UUID(to) if to else None, "Looked up", "anna", instead_of=before)
        words.append(HandMatch(*claim, to))

    with connect(product.database) as connection:
        for claim, visit in zip(waiting, visits, strict=False):
            say(claim, visit)
        say(waiting[1], visits[-1], instead_of=visits[1])
        say(waiting[2], None, instead_of=visits[2])
    return words


@pytest.fixture(scope="module")
def in_three(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> InThree:
    """Load and reconcile three batches of a shuffled world."""
    place = tmp_path_factory.mktemp("orders")
    world = random_world(21, SAME_IN_ANY_ORDER)
    product = product_run.Product.at(module_database, place / "home", world)
    batches = world.shuffled(5).batches(3)
    words: list[HandMatch] = []
    # The day moves too, forth and back: claims fall overdue that nothing touched, and are not overdue again.
    for number, (batch, days) in enumerate(zip(batches, (-40, 20, 0), strict=True)):
        product.load(batch, place / f"batch-{number}")
        if number == len(batches) - 1:
            words = _words(product)
        rules = replace(batch.rules, as_of=batch.rules.as_of + timedelta(days=days))
        product.reconcile(replace(batch, rules=rules))
    return InThree(product, world, batches, words)


def test_three_shuffled_batches_with_a_reconcile_after_each_give_the_same_books(in_three: InThree) -> None:
    product, world, batches = in_three.product, in_three.world, in_three.batches
    arrived = product.with_hashes(joined(batches))
    issued = _issued(product, arrived)
    books = keep(in_three.inputs(arrived), issued)
    disagreements = product_run.compare(product, books)
    assert not any(disagreements.values()), product_run.told(disagreements)
    # Of the world as it never came nobody said a word: its files are others.
    told = keep(arrived.inputs(), issued)
    assert told.visit_revenue == keep(product.with_hashes(world).inputs(), issued).visit_revenue != books.visit_revenue
    assert {row["stands"] for row in product.rows("select stands from marts.hand_matches")} == {True, False}
    assert product.rows(MOVED), "no world in which a remit waits for its visit"
    assert product.rows("select is_whole from ops.run order by started_at") == [
        {"is_whole": True},
        {"is_whole": False},
        {"is_whole": False},
    ]
    _stands_when_all_is_made_anew(product, world)


def test_everything_loaded_twice_changes_nothing(in_three: InThree, tmp_path: Path) -> None:
    product, world = in_three.product, in_three.world
    memos = product.memos()
    marts = {table: product.rows(f"select * from marts.{table}") for table in TABLES}
    for number, batch in enumerate(in_three.batches):
        assert all(receipt.already_loaded for receipt in product.load(batch, tmp_path / f"again-{number}"))
    assert product.reconcile(world).nothing_new
    receipts = product.load(world.shuffled(6), tmp_path / "shuffled")
    assert not all(receipt.already_loaded for receipt in receipts)
    assert product.reconcile(world).memos == 0
    assert product.memos() == memos
    for table, rows in marts.items():
        again = product.rows(f"select * from marts.{table}")
        assert sorted(map(repr, again)) == sorted(map(repr, rows)), table


def test_a_late_claim_finds_its_visit_by_the_payers_number_though_that_is_a_dash(
    database: Database, tmp_path: Path
) -> None:
    world = random_world(24, Options(visits=8, conflicts=False))
    product = product_run.Product.at(database, tmp_path / "home", world)
    reference = next(seen.claim_ref for seen in world.observations if seen.claim_ref)
    late = replace(world, observations=[], stripe_lines=[], fees=[], practices=[], deposits=[])
    for place, (batch, ref) in enumerate(((world, reference), (late, "NONE OF OURS"))):
        product.load(replace(batch, remit_files=[_remit(world, place, ref, "-")]), tmp_path / f"batch-{place}")
        product.reconcile(world)
    assert product.rows("select is_whole from ops.run order by started_at") == [{"is_whole": True}, {"is_whole": False}]
    assert [row["matched_by"] for row in product.rows(MATCHES)] == ["exact", "payer_claim_number"]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", range(ORDERS))
def test_any_order_batches_and_runs_between_give_the_books_of_the_oracle_and_of_a_whole_run(
    template: Database, tmp_path: Path, number: int
) -> None:
    seed = random.SystemRandom().randrange(10**6)
    chance = random.Random(seed)  # noqa: S311 - an order, no secret
    # A run at least, so that what comes after it is put into books that stand.
    runs = [True, *chance.choices([True, False], k=chance.randint(1, 2))]
    chance.shuffle(runs)
    order = chance.randrange(10**6)
    world = random_world(seed, Options(visits=60, conflicts=False))
    parts = world.shuffled(order).batches(len(runs))
    with fresh(template) as database:
        place = tmp_path / f"{number}-{seed}"
        product = product_run.Product.at(database, place / "home", world)
        for part, (batch, is_followed_by_a_run) in enumerate(zip(parts, runs, strict=True)):
            product.load(batch, place / f"batch-{part}")
            if is_followed_by_a_run:
                product.reconcile(world)
        product.reconcile(world)
        arrived = product.with_hashes(joined(parts))
        issued = _issued(product, arrived)
        books = keep(arrived.inputs(), issued)
        disagreements = product_run.compare(product, books)
        assert not any(disagreements.values()), f"seed {seed}: {product_run.told(disagreements)}"
        assert books.visit_revenue == keep(product.with_hashes(world).inputs(), issued).visit_revenue, seed
        if sum(runs) > 1:
            _stands_when_all_is_made_anew(product, world)


def _remit(world: World, place: int, reference: str, number: str) -> RemitFile:
    """Return a file with one claim, paid whole, the later the higher its place."""
    claim = Claim(reference, str(place + 1), 10000, 10000, payer_claim_number=number)
    known = next(sent for sent in world.transactions() if sent.payer_id)
    money = {"bpr_cents": 10000, "bpr_method": "ACH", "trn_number": f"T{place}", "provider_adjustments": ()}
    sent = replace(known, claims=(claim,), paid_on=date(2026, 10, 1 + place), **money)
    return RemitFile(f"remit-{place}.835", world_files.era_835([sent], 100 + place, world_files.Delimiters()), (sent,))


def _stands_when_all_is_made_anew(product: product_run.Product, world: World) -> None:
    journal, touched = product.rows(JOURNAL), product.tables()
    assert product.reconcile(world, whole=True).memos == 0
    anew = product.tables()
    assert touched.keys() == anew.keys()
    for table, rows in anew.items():
        assert touched[table] == rows, table
    assert product.rows(JOURNAL) == journal
