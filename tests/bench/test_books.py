"""The big books' files hold what their totals say, and are the same at every run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow.compute as pc
import pytest

from bench import books
from ingestion.era835 import parse

if TYPE_CHECKING:
    from pathlib import Path

VISITS = 400


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> books.Books:
    return books.kept(tmp_path_factory.mktemp("books") / "some", VISITS)


def test_the_same_size_gives_the_same_bytes(written: books.Books, tmp_path: Path) -> None:
    again = books.kept(tmp_path / "some", VISITS)
    assert [path.read_bytes() for path in _all(again)] == [path.read_bytes() for path in _all(written)]


def test_every_visit_is_observed_and_every_line_counted(written: books.Books) -> None:
    lines = [line for path in written.files["visits"] for line in path.read_text().splitlines()[1:]]
    assert len(lines) == written.totals["observations"]
    assert len({line.split(",")[0] for line in lines}) == VISITS


def test_the_stripe_lines_are_those_of_the_totals(written: books.Books) -> None:
    objects = [json.loads(line) for path in written.files["stripe"] for line in path.read_text().splitlines()]
    moved = [thing for thing in objects if thing["object"] == "balance_transaction"]
    assert len(objects) == written.totals["stripe_objects"]
    assert len({thing["id"] for thing in objects}) == len(objects)
    payouts = sum(thing["amount"] for thing in objects if thing["object"] == "payout")
    assert payouts == written.totals["payouts_cents"]
    assert sum(thing["net"] for thing in moved) == written.totals["balance_net_cents"] - payouts


def test_every_remittance_balances_and_adds_up_to_the_totals(written: books.Books) -> None:
    read = [parse(path.read_bytes()) for path in written.files["era"]]
    assert {verdict for part in read for verdict in part.transactions["verdict"].to_pylist()} == {"posted"}
    assert sum(part.findings.num_rows for part in read) == 0
    assert sum(part.claims.num_rows for part in read) == written.totals["claims"]
    assert sum(part.services.num_rows for part in read) == written.totals["services"]
    assert sum(part.adjustments.num_rows for part in read) == written.totals["adjustments"]
    assert sum(pc.sum(part.claims["paid_cents"]).as_py() for part in read) == written.totals["payer_paid_cents"]


def _all(found: books.Books) -> list[Path]:
    return [*(path for paths in found.files.values() for path in paths), found.late]
