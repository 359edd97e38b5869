"""The product's own loaders take the sample month in whole, and set aside exactly what the troubled one adds."""

from collections import Counter
from pathlib import Path

from ingestion import bank_deposits, fee_schedule, practices, stripe_objects, visit_ledger
from ingestion.era835.archive import Archive
from ingestion.era835.load import load as load_era
from ingestion.landing import Connection, Receipt
from sandbox.world import World, write

LOADERS = {
    "practices": practices.load,
    "fees": fee_schedule.load,
    "visits": visit_ledger.load,
    "stripe": stripe_objects.load,
    "bank": bank_deposits.load,
}


def load_all(connection: Connection, world: World, home: Path) -> list[Receipt]:
    receipts = [load(connection, world.files[kind][0]) for kind, load in LOADERS.items()]
    archive = Archive.at(home, None)
    return receipts + [receipt for path in world.files["era"] for receipt in load_era(connection, path, archive)]


def verdicts(connection: Connection) -> Counter[str]:
    return Counter(verdict for (verdict,) in connection.execute("select verdict from raw.era_transaction"))


def test_a_calm_month_loads_without_anything_set_aside(connection: Connection, tmp_path: Path) -> None:
    world = write(tmp_path / "files")
    receipts = load_all(connection, world, tmp_path)
    assert [item for receipt in receipts for item in receipt.quarantined] == []
    assert verdicts(connection) == {"posted": world.facts["counts"]["remits"], "duplicate": 4}
    assert connection.execute("select count(distinct visit_token) from raw.visit").fetchone() == (
        world.facts["counts"]["visits"],
    )


def test_a_troubled_month_sets_aside_its_added_pieces_only(connection: Connection, tmp_path: Path) -> None:
    world = write(tmp_path / "files", trouble=True)
    receipts = load_all(connection, world, tmp_path)
    set_aside = Counter[str]()
    for receipt in receipts:
        set_aside[receipt.kind] += len({item.position for item in receipt.quarantined})
    assert set_aside["visits"] == world.facts["counts"]["trouble_visits"]
    assert set_aside["stripe"] == world.facts["counts"]["trouble_stripe"]
    assert set_aside["era"] >= world.facts["counts"]["trouble_era"]
    assert verdicts(connection) == {
        "posted": world.facts["counts"]["remits"],
        "duplicate": 4,
        "held": 3,
        "conflict": 1,
    }
