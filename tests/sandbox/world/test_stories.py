"""The planned leaks are those that an independent reading of the contract finds in the files, to the cent."""

import csv
import gzip
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from ingestion.era835 import parse
from sandbox.world import World, write
from tests.support.oracle import inputs as given
from tests.support.oracle.books import Books, keep

NO_VISIT = {"orphan_charge", "orphan_remit", "eft_missing", "recoupment_open"}


def rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="") as lines:
        yield from csv.DictReader(lines)


def moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def codes(text: str) -> frozenset[str]:
    return frozenset(filter(None, text.split("|")))


def observation(row: dict[str, str]) -> given.Observation:
    times = {key: moment(row[key]) for key in row if key.startswith(("scheduled", "started", "ended", "state_changed"))}
    money = {key: int(row[key]) if row[key] else None for key in ("charge_cents", "patient_estimate_cents", "units")}
    text = {key: row[key] or None for key in row if key not in times and key not in money}
    return given.Observation(**{**text, **times, **money, "modifiers": codes(row["modifiers"])})  # type: ignore[arg-type]  # one row's cells


def fee(row: dict[str, str]) -> given.Fee:
    end = date.fromisoformat(row["effective_to"]) if row["effective_to"] else None
    start, place = date.fromisoformat(row["effective_from"]), row["place_of_service"]
    key = (row["payer_id"], row["service_code"], codes(row["modifiers"]), place)
    return given.Fee(*key, start, end, int(row["allowed_cents"]))


def practice(row: dict[str, str]) -> given.Practice:
    fees = (int(row["no_show_fee_cents"]), int(row["late_cancel_fee_cents"]))
    return given.Practice(row["practice_id"], *fees, row["partial_visit"])


def deposit(row: dict[str, str]) -> given.Deposit:
    day, cents = date.fromisoformat(row["deposited_on"]), int(row["amount_cents"])
    return given.Deposit(row["deposit_id"], day, cents, row["trace_number"] or None)


def version(line: str) -> given.StripeVersion:
    thing = json.loads(line)
    inner = thing["data"]["object"] if thing["object"] == "event" else thing
    return given.StripeVersion(
        inner, datetime.fromtimestamp(thing["created"], UTC), hashlib.sha256(line.encode()).hexdigest()
    )


def transactions(path: Path) -> Iterator[given.Transaction]:
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    read = parse(data)
    claims, lines = defaultdict(list), defaultdict(list)
    for row in read.adjustments.to_pylist():
        line = given.Adjustment(row["group_code"], row["reason_code"], row["amount_cents"])
        lines[row["st_index"], row["claim_index"]].append(line)
    for row in read.claims.to_pylist():
        said = tuple(lines[row["st_index"], row["claim_index"]])
        names = ("claim_ref", "status_code", "charge_cents", "paid_cents", "payer_claim_number", "facility_code")
        claims[row["st_index"]].append(given.Claim(**{name: row[name] for name in names}, claim_adjustments=said))
    for row in read.transactions.to_pylist():
        provider = tuple(
            given.ProviderAdjustment(pair["reason_code"], pair["reference"], pair["amount_cents"])
            for pair in read.provider_adjustments.to_pylist()
            if pair["st_index"] == row["st_index"]
        )
        names = given.Transaction.__dataclass_fields__.keys() - {"claims", "provider_adjustments"}
        yield given.Transaction(
            **{name: row[name] for name in names}, claims=tuple(claims[row["st_index"]]), provider_adjustments=provider
        )


def read_back(world: World) -> given.Inputs:
    (visits,), (stripe,), (fees,) = (world.files[kind] for kind in ("visits", "stripe", "fees"))
    return given.Inputs(
        rules=given.Rules(as_of=world.as_of),
        observations=[observation(row) for row in rows(visits)],
        stripe=[version(line) for line in stripe.read_text().splitlines()],
        transactions=[remit for path in world.files["era"] for remit in transactions(path)],
        fees=[fee(row) for row in rows(fees)],
        practices=[practice(row) for row in rows(world.files["practices"][0])],
        deposits=[deposit(row) for row in rows(world.files["bank"][0])],
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return write(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def books(world: World) -> Books:
    return keep(read_back(world))


def planned(facts: dict[str, dict[str, int]]) -> Counter[tuple[Any, ...]]:
    return Counter(
        (category, "" if category in NO_VISIT else key, cents)
        for category, leaks in facts.items()
        if category != "counts"
        for key, cents in leaks.items()
    )


def test_the_leaks_found_are_the_leaks_planned_and_no_others(world: World, books: Books) -> None:
    found = Counter((leak.category, leak.visit_token, leak.amount_cents) for leak in books.leaks)
    assert sorted((planned(world.facts) - found).elements()) == []
    assert sorted((found - planned(world.facts)).elements(), key=repr) == []


def test_both_kinds_of_memo_arise_in_numbers(books: Books) -> None:
    signs = Counter((cents > 0) - (cents < 0) for cents in books.memo_cents.values())
    assert signs[1] > 100
    assert signs[-1] > 100


def test_the_resent_file_is_the_only_one_that_does_not_post(books: Books) -> None:
    verdicts = Counter(row["verdict"] for row in books.era_tieout)
    assert set(verdicts) == {"posted", "duplicate"}
    assert verdicts["duplicate"] == 4


def test_the_bank_has_an_eft_of_every_status(books: Books) -> None:
    assert {row["status"] for row in books.eft_tieout.values()} == {"matched", "missing", "unexpected", "mismatch"}


def test_every_automatic_payout_ties_out(books: Books) -> None:
    residuals = [row["residual_cents"] for row in books.payout_tieout.values()]
    assert set(residuals) == {0, None}
