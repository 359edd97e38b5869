"""The sample month: repeatable, well formed, balanced, and holding every story it plans."""

import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ingestion.era835 import parse
from sandbox.world import World, write

CATEGORIES = {
    "completed_not_billed", "charge_failed", "billed_not_billable", "duplicate_charge", "claim_never_adjudicated",
    "denied", "pos_mismatch", "underpaid", "orphan_charge", "orphan_remit", "remit_for_unbillable_visit", "eft_missing",
    "recoupment_open",
}  # fmt: skip
KEYED_OTHERWISE = {"orphan_charge", "orphan_remit", "eft_missing", "recoupment_open"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return write(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def visits(world: World) -> dict[str, dict[str, str]]:
    return {row["visit_token"]: row for row in rows(world.files["visits"][0])}


@pytest.fixture(scope="module")
def stripe(world: World) -> dict[str, dict[str, dict[str, Any]]]:
    found: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for line in world.files["stripe"][0].read_text().splitlines():
        thing = json.loads(line)
        inner = thing["data"]["object"] if thing["object"] == "event" else thing
        found[inner["object"]][inner["id"]] = inner
    return found


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))


def contents(world: World) -> dict[str, bytes]:
    paths = [path for kind in world.files.values() for path in kind]
    return {str(path.relative_to(world.directory)): path.read_bytes() for path in paths}


def interchanges(path: Path) -> Iterator[list[list[str]]]:
    """Split a file without the product: each ISA says its own delimiters, wraps at 80 are joined first."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    text = raw.decode().removeprefix("\ufeff").lstrip()
    if text[80] == "\n":
        text = text.replace("\n", "")
    while text:
        element, terminator = text[3], text[105]
        end = text.index(terminator, text.index("IEA" + element)) + 1
        yield [part.strip().split(element) for part in text[:end].split(terminator) if part.strip()]
        text = text[end:].lstrip()


def cents(amount: str) -> int:
    return int(Decimal(amount) * 100)


def transactions(path: Path) -> Iterator[list[list[str]]]:
    for segments in interchanges(path):
        starts = [at for at, segment in enumerate(segments) if segment[0] == "ST"]
        ends = [at for at, segment in enumerate(segments) if segment[0] == "SE"]
        yield from (segments[start : end + 1] for start, end in zip(starts, ends, strict=True))


def taken(segment: list[str]) -> int:
    """Σ of a CAS or PLB segment's amounts."""
    first, step = (3, 3) if segment[0] == "CAS" else (4, 2)
    return sum(cents(amount) for amount in segment[first::step])


def test_the_same_arguments_give_the_same_bytes_and_facts(world: World, tmp_path: Path) -> None:
    again = write(tmp_path)
    assert contents(again) == contents(world)
    assert again.facts == world.facts


def test_another_seed_gives_another_month(world: World, tmp_path: Path) -> None:
    assert contents(write(tmp_path, seed=1))["visits.csv"] != contents(world)["visits.csv"]


def test_writing_again_into_a_folder_leaves_no_file_of_before(tmp_path: Path) -> None:
    write(tmp_path, trouble=True)
    calm = write(tmp_path)
    assert sorted((tmp_path / "era").iterdir()) == sorted(calm.files["era"])


def test_the_month_is_as_large_as_promised_and_has_every_state(world: World, visits: dict[str, dict[str, str]]) -> None:
    assert world.as_of == date(2026, 11, 1)
    assert world.facts["counts"]["visits_in_month"] >= 2400
    assert {row["state"] for row in visits.values()} == {
        "scheduled", "started", "completed", "partially_completed", "abandoned", "no_show", "cancelled",
        "late_cancelled", "disputed",
    }  # fmt: skip
    assert len({row["provider_id"] for row in visits.values()}) == 25
    assert len({row["payer_id"] for row in visits.values()}) == 5


def test_every_time_has_an_offset_and_every_claim_reference_is_one_visits_alone(world: World) -> None:
    owners = defaultdict(set)
    for row in rows(world.files["visits"][0]):
        for name in ("scheduled_start", "scheduled_end", "started_at", "ended_at", "state_changed_at"):
            assert not row[name] or datetime.fromisoformat(row[name]).utcoffset() is not None
        assert datetime.fromisoformat(row["scheduled_end"]) > datetime.fromisoformat(row["scheduled_start"])
        if row["claim_ref"]:
            owners[row["claim_ref"]].add(row["visit_token"])
    assert all(len(tokens) == 1 for tokens in owners.values())


def test_every_remit_balances_by_a_splitter_of_its_own(world: World) -> None:
    for path in world.files["era"]:
        for segments in transactions(path):
            claims, charged, adjusted = 0, 0, 0
            for segment in segments:
                if segment[0] in ("CLP", "SE"):
                    assert charged == adjusted
                if segment[0] == "CLP":
                    claims += cents(segment[4])
                    charged, adjusted = cents(segment[3]) - cents(segment[4]), 0
                adjusted += taken(segment) if segment[0] == "CAS" else 0
            plb = sum(taken(segment) for segment in segments if segment[0] == "PLB")
            bpr = next(segment for segment in segments if segment[0] == "BPR")
            assert cents(bpr[2]) == claims - plb >= 0
            assert segments[-1][1] == str(len(segments))


def test_the_products_own_parser_finds_nothing_wrong(world: World) -> None:
    for path in world.files["era"]:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        read = parse(data)
        assert read.findings.num_rows == 0
        assert set(read.transactions["residual_cents"].to_pylist()) == {0}
        assert set(read.claims["residual_cents"].to_pylist()) == {0}
        assert set(read.services["residual_cents"].to_pylist()) == {0}


def test_a_resent_file_has_the_bodies_of_the_first(world: World) -> None:
    resent = next(path for path in world.files["era"] if path.name.startswith("resent-"))
    first = resent.with_name(resent.name.removeprefix("resent-"))
    bodies = [parse(path.read_bytes()).transactions["body_sha256"].to_pylist() for path in (first, resent)]
    assert bodies[0] == bodies[1]


def test_every_balance_left_with_a_provider_but_the_planned_one_nets_to_zero(world: World) -> None:
    open_: dict[tuple[str, str], int] = defaultdict(int)
    reasons = set()
    for path in world.files["era"]:
        if path.name.startswith("resent-"):
            continue
        table = parse(gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes())
        for row in table.provider_adjustments.to_pylist():
            reasons.add(row["reason_code"])
            if row["reason_code"] in ("WO", "FB"):
                open_[row["reason_code"], row["reference"]] += row["amount_cents"]
    assert reasons == {"WO", "FB", "L6", "72"}
    assert [-cents for cents in open_.values() if cents] == list(world.facts["recoupment_open"].values())


def test_every_leak_category_is_planned_and_names_what_the_files_hold(
    world: World, visits: dict[str, dict[str, str]], stripe: dict[str, dict[str, dict[str, Any]]]
) -> None:
    assert set(world.facts) == CATEGORIES | {"counts"}
    assert all(world.facts[category] for category in CATEGORIES)
    for category in CATEGORIES - KEYED_OTHERWISE:
        assert set(world.facts[category]) <= set(visits)
    assert set(world.facts["orphan_charge"]) <= set(stripe["charge"])
    assert not set(world.facts["orphan_remit"]) & {row["claim_ref"] for row in visits.values()}


def test_stripe_objects_point_at_objects_that_exist(stripe: dict[str, dict[str, dict[str, Any]]]) -> None:
    for charge in stripe["charge"].values():
        assert charge["payment_intent"] is None or charge["payment_intent"] in stripe["payment_intent"]
        assert charge.get("invoice") is None or charge["invoice"] in stripe["invoice"]
        back = [
            r["amount"] for r in stripe["refund"].values() if (r["charge"], r["status"]) == (charge["id"], "succeeded")
        ]
        assert charge["amount_refunded"] == sum(back)
    for link in stripe["invoice_payment"].values():
        assert link["invoice"] in stripe["invoice"]
        assert link["payment"]["payment_intent"] in stripe["payment_intent"]
    assert {thing["status"] for thing in stripe["invoice"].values()} == {"draft", "open", "paid", "void"}
    assert all(thing["name"] is None and thing["email"] is None for thing in stripe["customer"].values())


def test_balance_transactions_add_up_to_the_payout_that_lists_them(
    stripe: dict[str, dict[str, dict[str, Any]]],
) -> None:
    listed: dict[str, int] = defaultdict(int)
    for row in stripe["balance_transaction"].values():
        assert row["net"] == row["amount"] - row["fee"]
        if "payout" in row:
            listed[row["payout"]] += row["net"]
    automatic = {key: payout["amount"] for key, payout in stripe["payout"].items() if payout["automatic"]}
    assert automatic == listed


def test_a_charge_failed_leak_has_a_failed_charge_and_none_that_succeeded(
    world: World, stripe: dict[str, dict[str, dict[str, Any]]]
) -> None:
    statuses = defaultdict(set)
    for charge in stripe["charge"].values():
        if token := charge["metadata"].get("visit_token"):
            statuses[token].add(charge["status"])
    failed = {token for token, seen in statuses.items() if seen == {"failed"}}
    assert failed <= set(world.facts["charge_failed"])
    assert len(world.facts["charge_failed"]) - len(failed) == world.facts["counts"]["declined_invoice"]


def test_trouble_adds_pieces_and_changes_nothing_else(world: World, tmp_path: Path) -> None:
    troubled = write(tmp_path, trouble=True)
    calm, rough = contents(world), contents(troubled)
    assert {name for name in rough if name not in calm} == {
        f"era/trouble-{piece}.835" for piece in ("held", "conflict", "unreadable", "cut")
    }
    for name, data in calm.items():
        assert rough[name].startswith(data)
    held = (tmp_path / "era" / "trouble-held.835").read_bytes()
    assert parse(held).transactions["residual_cents"].to_pylist() != [0]
    with pytest.raises(json.JSONDecodeError):
        json.loads(troubled.files["stripe"][0].read_text().splitlines()[-1])
