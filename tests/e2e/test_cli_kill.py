"""`kill -9` at any moment of a load or a reconcile, then the same command again: the books of an undisturbed run."""

import os
import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ledger.store import database
from sandbox.world import write
from tests.support.command_line import environment, start, trueup

KINDS = {
    "practices": "practices.csv",
    "fees": "fees.csv",
    "visits": "visits.csv",
    "stripe": "stripe.jsonl",
    "era": "era",
    "bank": "bank.csv",
}
COMPARED = (
    "visit_revenue",
    "memos",
    "leaks",
    "era_tieout",
    "eft_tieout",
    "unmatched_remits",
    "month_summary",
    "quarantine",
    "trial_balance",
    "denials",
)
AS_OF = "2026-11-01"
KILLS_OF_A_RECONCILE = 3
LATE = 4
"""Of so many remittance files one comes when the books stand already."""
MOMENTS_OF_A_RUN = ("intermediate.int_visits__amounts", "ledger.journal", "marts.visit_revenue")
"""Tables that a run of what was touched writes one after the other."""
# When a row was written is the one thing that may differ between two runs.
MOMENTS = ["issued_at", "recorded_at"]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    # A socket's path holds 107 bytes; pytest's own folders can be longer.
    place = Path("/tmp") / f"tk{os.getpid()}"  # noqa: S108 - made for this test alone
    write(place / "world", trouble=True)
    yield place
    shutil.rmtree(place)


@pytest.mark.timeout(600)
def test_killed_and_run_again_gives_the_books_of_an_undisturbed_run(folder: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    chance = random.Random(seed)  # noqa: S311 - moments of kills, no secret
    calm, rough = environment(folder / "calm"), environment(folder / "rough")
    late = _held_back(folder)
    spent = {kind: _run(calm, "load", kind, folder / "world" / name) for kind, name in KINDS.items()}
    spent["reconcile"] = _run(calm, "reconcile", "--as-of", AS_OF)

    for kind, name in KINDS.items():
        _kill(rough, chance.uniform(0, spent[kind]), "load", kind, folder / "world" / name)
        _run(rough, "load", kind, folder / "world" / name)
    for _ in range(KILLS_OF_A_RECONCILE):
        _kill(rough, chance.uniform(0, spent["reconcile"]), "reconcile", "--as-of", AS_OF)
    _run(rough, "reconcile", "--as-of", AS_OF)
    _agree(folder, f"seed of the kills: {seed}")

    # Now the books stand, and only what the late files touch is made anew; beside it, everything is.
    moment = chance.choice(MOMENTS_OF_A_RUN)
    with database.opened(None, folder / "calm"):  # started once, not by each command
        _run(calm, "load", "era", late)
        _run(calm, "reconcile", "--as-of", AS_OF, "--full")
    _run(rough, "load", "era", late)
    with database.opened(None, folder / "rough") as opened, database.connect(opened, autocommit=True) as watching:
        assert _killed_when_written(watching, moment, rough, "reconcile", "--as-of", AS_OF) == (False, "running")
        _run(rough, "reconcile", "--as-of", AS_OF)
    _agree(folder, f"killed when it wrote {moment}")


def _held_back(folder: Path) -> Path:
    """Move some of the remittances out of the world and return where they are."""
    late = folder / "late"
    late.mkdir()
    for path in sorted((folder / "world" / "era").iterdir())[::LATE]:
        path.rename(late / path.name)
    return late


def _agree(folder: Path, told: str) -> None:
    rough, calm = (_books(folder / home) for home in ("rough", "calm"))
    for name in COMPARED:
        assert rough[name] == calm[name], f"{name} differs ({told})"
        assert calm[name], f"{name} is empty and proves nothing"


def _run(env: dict[str, str], *words: object) -> float:
    began = time.monotonic()
    finished = trueup(*words, env=env)
    assert finished.returncode in {0, 1}, finished.stderr
    return time.monotonic() - began


def _kill(env: dict[str, str], after: float, *words: object) -> None:
    process = start(*words, env=env)
    time.sleep(after)
    process.kill()
    process.communicate(timeout=60)


def _killed_when_written(
    watching: psycopg.Connection, table: str, env: dict[str, str], *words: object
) -> tuple[bool, str]:
    """Kill a command once it has committed rows to a table; return whether its run was whole, and its status."""
    rows = f"select count(*), max(xmin::text::bigint) from {table}"
    before = watching.execute(rows.encode()).fetchone()
    process = start(*words, env=env)
    while process.poll() is None and watching.execute(rows.encode()).fetchone() == before:
        time.sleep(0.02)
    process.kill()
    process.communicate(timeout=60)
    run = watching.execute("select is_whole, status from ops.run order by started_at desc limit 1").fetchone()
    assert run
    return bool(run[0]), str(run[1])


def _books(home: Path) -> dict[str, list[str]]:
    """Return by name the rows of the tables that are compared, as sorted text."""
    with database.opened(None, home) as opened, database.connect(opened) as connection:
        return {
            name: [
                row
                for (row,) in connection.execute(
                    f"select (to_jsonb(t) - %s::text[])::text as row from marts.{name} as t order by 1", [MOMENTS]
                )
            ]
            for name in COMPARED
        }
