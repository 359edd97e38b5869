"""`kill -9` at any moment of a load or a reconcile, then the same command again: the books of an undisturbed run."""

import json
import os
import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

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
)
AS_OF = "2026-11-01"
KILLS_OF_A_RECONCILE = 3
# When a row was written is the one thing that may differ between two runs.
MOMENTS = {"issued_at", "recorded_at"}


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
    spent = {kind: _run(calm, "load", kind, folder / "world" / name) for kind, name in KINDS.items()}
    spent["reconcile"] = _run(calm, "reconcile", "--as-of", AS_OF)

    for kind, name in KINDS.items():
        _kill(rough, chance.uniform(0, spent[kind]), "load", kind, folder / "world" / name)
        _run(rough, "load", kind, folder / "world" / name)
    for _ in range(KILLS_OF_A_RECONCILE):
        _kill(rough, chance.uniform(0, spent["reconcile"]), "reconcile", "--as-of", AS_OF)
    _run(rough, "reconcile", "--as-of", AS_OF)

    for name in COMPARED:
        assert _rows(rough, name) == _rows(calm, name), f"{name} differs (seed of the kills: {seed})"


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


def _rows(env: dict[str, str], name: str) -> list[dict[str, object]]:
    exported = trueup("export", name, "--format", "json", env=env)
    assert exported.returncode == 0, exported.stderr
    return [{key: value for key, value in row.items() if key not in MOMENTS} for row in json.loads(exported.stdout)]
