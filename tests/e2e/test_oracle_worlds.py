"""The oracle and its random worlds by themselves: what must hold of any books, and of the files of a world."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from ingestion.era835 import parse
from tests.support.oracle.books import keep
from tests.support.random_world import Options, random_world

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.oracle.books import Books

SEEDS = range(6)
TRANSACTION_COLUMNS = (
    *("file_sha256", "st_index", "payer_name", "payer_id", "trn_payer", "payee_npi", "bpr_cents", "bpr_method"),
    *("paid_on", "trn_number", "claims_cents", "provider_adjustments_cents", "residual_cents", "body_sha256"),
)
CLAIM_COLUMNS = (
    *("claim_ref", "status_code", "charge_cents", "paid_cents", "payer_claim_number", "facility_code", "is_reversal"),
    "original_ref",
)


def _charge_that_stands(books: Books, token: str) -> int:
    said = books.visits[token].adjudication
    return sum(claim.charge_cents for claim in said.live_primary)


@pytest.mark.parametrize("seed", SEEDS)
def test_arrival_order_changes_no_amount_of_a_visit(seed: int) -> None:
    world = random_world(seed, Options(visits=120, ties=False, conflicts=False))
    first, other = keep(world.inputs()), keep(world.shuffled(seed).inputs())
    assert other.visit_revenue == first.visit_revenue
    assert other.memo_cents == first.memo_cents
    assert other.leaks == first.leaks


@pytest.mark.parametrize("seed", SEEDS)
def test_the_primary_order_explains_every_cent_of_its_charge(seed: int) -> None:
    books = keep(random_world(seed, Options(visits=200, unbalanced_claims=False)).inputs())
    adjudicated = 0
    for token, book in books.visits.items():
        said = book.adjudication
        if said.allowed_cents is None:
            continue
        adjudicated += 1
        left = said.contractual_cents + said.denied_cents + said.other_adjustment_cents
        assert _charge_that_stands(books, token) == said.allowed_cents + left
    assert adjudicated > 50


@pytest.mark.parametrize("seed", SEEDS)
def test_memos_level_every_visit_that_is_adjudicated_or_billed_too_much(seed: int) -> None:
    books = keep(random_world(seed).inputs())
    for book in books.visits.values():
        level = book.billed_cents + book.memo_cents == book.target_cents
        due = book.adjudication.live or book.billed_cents > book.target_cents
        assert book.visit.state == "disputed" or (level if due else book.memo_cents == 0)


def test_denied_cents_stand_in_the_denials_once() -> None:
    books = keep(random_world(7).inputs())
    assert sum(cents for _, cents in books.denials.values()) == sum(
        book.adjudication.denied_cents for book in books.visits.values()
    )


def test_every_posted_held_and_repeated_cent_stands_in_the_tie_out_once() -> None:
    world = random_world(8)
    books = keep(world.inputs())
    assert len(books.era_tieout) == len(world.transactions())
    assert all(row["residual_cents"] == 0 for row in books.era_tieout if row["verdict"] == "posted")


def test_a_seed_gives_the_same_files_again(tmp_path: Path) -> None:
    files = random_world(3, Options(visits=60)).write(tmp_path / "a")
    again = random_world(3, Options(visits=60)).write(tmp_path / "b")
    assert [path.read_bytes() for _, path in files] == [path.read_bytes() for _, path in again]


def test_batches_hold_every_row_of_the_world_once() -> None:
    world = random_world(4, Options(visits=60))
    parts = world.batches(3)
    assert Counter(o for part in parts for o in part.observations) == Counter(world.observations)
    assert sum(len(part.stripe_lines) for part in parts) == len(world.stripe_lines)
    assert [fee for part in parts for fee in part.fees] == world.fees
    assert all(part.practices for part in parts)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_remit_file_reads_back_as_the_oracle_was_told(seed: int) -> None:
    for file in random_world(seed, Options(visits=80)).remit_files:
        tables = parse(file.data)
        for got, sent in zip(tables.transactions.to_pylist(), file.transactions, strict=True):
            assert {name: got[name] for name in TRANSACTION_COLUMNS} == {
                name: getattr(sent, name) for name in TRANSACTION_COLUMNS
            }
        claims = [(sent.st_index, claim) for sent in file.transactions for claim in sent.claims]
        for row, (st_index, claim) in zip(tables.claims.to_pylist(), claims, strict=True):
            assert row["st_index"] == st_index
            assert {name: row[name] for name in CLAIM_COLUMNS} == {name: getattr(claim, name) for name in CLAIM_COLUMNS}
        told = Counter(
            (sent.st_index, index, a.group_code, a.reason_code, a.amount_cents)
            for sent in file.transactions
            for index, claim in enumerate(sent.claims)
            for a in claim.adjustments
        )
        keys = ("st_index", "claim_index", "group_code", "reason_code", "amount_cents")
        assert Counter(tuple(row[key] for key in keys) for row in tables.adjustments.to_pylist()) == told
