"""One cent changed in an input shows in a tie-out that names the file, the place in it and the cent."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from itertools import cycle
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from ledger.settings import Settings
from ledger.store.database import connect
from orchestration.reconcile import reconcile
from sandbox.world import World, write
from tests.sandbox.world.test_loading import load_all

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ledger.store.database import Database

OF_EACH = 3
"""How many places of a kind are changed; all of them in one world, since each is a row of its own."""


@dataclass(frozen=True)
class Change:
    """One cent more at a place of a file; the place is the beginning of the position that must be named."""

    what: str
    path: Path
    place: str


def _table(path: Path, rng: Random, column: str, fits: Callable[[Mapping[str, str]], object]) -> list[Change]:
    """Add a cent to a column of some rows of a CSV file that fit."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    numbers = [number for number, row in enumerate(rows) if fits(row)]
    chosen = rng.sample(numbers, min(OF_EACH, len(numbers)))
    for number in chosen:
        rows[number][column] = str(int(rows[number][column]) + 1)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return [Change(f"{path.name}: {column}", path, f"row {number + 1}") for number in chosen]


def _stripe(path: Path, rng: Random, kind: str, field: str, **fits: str) -> list[Change]:
    """Add a cent to a field of some objects of a kind that are not carried by an event."""
    lines = path.read_text(encoding="utf-8").splitlines()
    objects = [json.loads(line) for line in lines]
    numbers = [
        number
        for number, it in enumerate(objects)
        if it["object"] == kind and all(it.get(name) == value for name, value in fits.items())
    ]
    chosen = rng.sample(numbers, OF_EACH)
    for number in chosen:
        objects[number][field] += 1
        lines[number] = json.dumps(objects[number])
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [Change(f"{kind}.{field}", path, f"line {number + 1}") for number in chosen]


def _remittance(path: Path, rng: Random, name: str, element: int) -> Change:
    """Add a cent to an element of one segment of a remittance."""
    segments = path.read_text(encoding="utf-8").split("~")
    found = [n for n, segment in enumerate(segments) if segment.strip().startswith(f"{name}*")]
    number = rng.choice(found)
    elements = segments[number].split("*")
    whole, _, part = elements[element].partition(".")
    cents = int(whole.lstrip("-")) * 100 + int(part.ljust(2, "0")) + 1
    elements[element] = f"{'-' if whole.startswith('-') else ''}{cents // 100}.{cents % 100:02d}"
    segments[number] = "*".join(elements)
    path.write_text("~".join(segments), encoding="utf-8")
    st_index = sum(segment.strip().startswith("ST*") for segment in segments[:number]) - 1
    return Change(f"{name}{element:02d}", path, f"ST {st_index}")


def _changes(world: World, rng: Random) -> list[Change]:
    """Change a cent in every kind of amount of every feed."""
    one = {kind: paths[0] for kind, paths in world.files.items()}
    plain = [path for path in world.files["era"] if path.suffix == ".835" and path.read_bytes()[3:4] == b"*"]
    remits = "".join(path.read_text(encoding="utf-8") for path in plain)
    asked = Counter(
        it["metadata"].get("visit_token")
        for it in map(json.loads, one["stripe"].read_text(encoding="utf-8").splitlines())
        if it["object"] in {"charge", "invoice"} and it.get("metadata") and it["status"] in {"succeeded", "paid"}
    )
    with one["visits"].open(encoding="utf-8", newline="") as file:
        seen = Counter(row["visit_token"] for row in csv.DictReader(file))
    done = {"completed", "partially_completed"}
    changes = [
        *_table(
            one["visits"],
            rng,
            "charge_cents",
            lambda row: seen[row["visit_token"]] == 1 and remits.count(f"CLP*{row['claim_ref']}*") == 1,
        ),
        *_table(
            one["visits"],
            rng,
            "patient_estimate_cents",
            lambda row: row["payer_id"] and row["state"] in done and asked[row["visit_token"]] == 1,
        ),
        *_table(
            one["visits"],
            rng,
            "charge_cents",
            lambda row: not row["payer_id"] and row["state"] == "completed" and asked[row["visit_token"]] == 1,
        ),
        *_table(
            one["fees"], rng, "allowed_cents", lambda row: row["place_of_service"] == "10" and not row["modifiers"]
        ),
        *_table(one["practices"], rng, "no_show_fee_cents", lambda row: int(row["no_show_fee_cents"])),
        *_table(
            one["bank"], rng, "amount_cents", lambda row: row["trace_number"] and f"*{row['trace_number']}*" in remits
        ),
    ]
    for kind, field, fits in (
        ("charge", "amount_captured", {"status": "succeeded"}),
        ("payment_intent", "amount_received", {"status": "succeeded"}),
        ("invoice", "total", {"status": "paid"}),
        ("invoice", "amount_paid", {"status": "paid"}),
        ("balance_transaction", "amount", {"type": "charge"}),
        ("balance_transaction", "net", {"type": "charge"}),
        ("balance_transaction", "fee", {"type": "charge"}),
        ("refund", "amount", {"status": "succeeded"}),
        ("credit_note", "amount", {"status": "issued"}),
        ("payout", "amount", {"status": "paid"}),
    ):
        changes += _stripe(one["stripe"], rng, kind, field, **fits)
    places = [("BPR", 2), ("CLP", 3), ("CLP", 4), ("SVC", 2), ("SVC", 3), ("CAS", 3)]
    paths = [path for path in plain if not (path.parent / f"resent-{path.name}").exists() and "resent" not in path.name]
    return changes + [
        _remittance(path, rng, name, element) for path, (name, element) in zip(paths, cycle(places), strict=False)
    ]


@pytest.fixture(scope="module")
def changed(
    module_database: Database, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[Change], list[dict[str, Any]]]:
    """Reconcile the sample month with its changes; return them and what the tie-out of its inputs lists."""
    home = tmp_path_factory.mktemp("one_cent")
    world = write(home / "files")
    changes = _changes(world, Random(8))  # noqa: S311 - chance for a test
    settings = Settings(home=home / "home", database_url=module_database.url)
    with connect(module_database) as connection:
        load_all(connection, world, home)
        connection.commit()
    reconcile(settings, module_database, as_of=world.as_of, on_step=lambda *_: None)
    with connect(module_database) as connection:
        cursor = connection.execute("select * from marts.input_tieout")
        names = [column.name for column in cursor.description or ()]
        return changes, [dict(zip(names, row, strict=True)) for row in cursor]


def test_every_cent_changed_is_named_with_its_file_and_place(
    changed: tuple[list[Change], list[dict[str, Any]]],
) -> None:
    changes, rows = changed
    unnamed = []
    for change in changes:
        sha256 = hashlib.sha256(change.path.read_bytes()).hexdigest()
        sides = [
            (row[file], row[place])
            for row in rows
            if abs(row["residual_cents"]) == 1
            for file, place in (("file_sha256", "position"), ("other_file_sha256", "other_position"))
        ]
        if not any(file == sha256 and f"{place},".startswith(f"{change.place},") for file, place in sides):
            unnamed.append((change.what, change.path.name, change.place))
    assert changes
    assert not unnamed
