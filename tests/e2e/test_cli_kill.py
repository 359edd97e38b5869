"""`kill -9` at any moment of a load or a reconcile, then the same command again: the books of an undisturbed run."""

import os
import random
import shutil
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psycopg
import pytest

from ledger.settings import Settings
from ledger.store import database
from orchestration.reconcile import reconcile
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
KILLS_OF_A_RECONCILE = 2
"""Each within the run itself, not while Dagster and dbt are still imported."""
LATE = 4
"""Of so many remittance files one comes when the books stand already."""
MOMENTS_OF_A_RUN = ("intermediate.int_visits__amounts", "ledger.journal", "marts.visit_revenue")
"""Tables that a run of what was touched writes one after the other."""
NEWEST_RUN = """
    with run as (select * from ops.run order by started_at desc limit 1)
    select run_id, extract(epoch from finished_at - started_at) from run where true
"""
# When a row was written is the one thing that may differ between two runs.
MOMENTS = ["issued_at", "recorded_at"]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    # A socket's path holds 107 bytes; pytest's own folders can be longer.
    place = Path("/tmp") / f"tk{os.getpid()}"  # noqa: S108 - made for this test alone
    write(place / "world", trouble=True)
    yield place
    shutil.rmtree(place)


@pytest.mark.timeout(900)
def test_killed_and_run_again_gives_the_books_of_an_undisturbed_run(folder: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    chance = random.Random(seed)  # noqa: S311 - moments of kills, no secret
    calm, rough = environment(folder / "calm"), environment(folder / "rough")
    late = _held_back(folder)
    with database.opened(None, folder / "calm") as undisturbed:  # started once, not by each command
        spent = {kind: _run(calm, "load", kind, folder / "world" / name) for kind, name in KINDS.items()}
        lasted = _reconciled(calm, undisturbed)

    to_start = _run(rough, "status")
    for kind, name in KINDS.items():
        _kill(rough, chance.uniform(0, to_start + spent[kind]), "load", kind, folder / "world" / name)
        _run(rough, "load", kind, folder / "world" / name)
    with database.opened(None, folder / "rough") as opened, database.connect(opened, autocommit=True) as watching:
        for _ in range(KILLS_OF_A_RECONCILE):
            _kill_of_a_run(watching, chance.uniform(0, lasted), rough)
        _run(rough, "reconcile", "--as-of", AS_OF)
    _agree(folder, f"seed of the kills: {seed}")

    # Now the books stand, and only what the late files touch is made anew; beside it, everything is.
    moment = chance.choice(MOMENTS_OF_A_RUN)
    with database.opened(None, folder / "calm") as undisturbed:
        _run(calm, "load", "era", late)
        _reconciled(calm, undisturbed, whole=True)
    with database.opened(None, folder / "rough") as opened, database.connect(opened, autocommit=True) as watching:
        _run(rough, "load", "era", late)
        assert _killed_when_written(watching, moment, rough, "reconcile", "--as-of", AS_OF) == (False, "running")
        _run(rough, "reconcile", "--as-of", AS_OF)
    _agree(folder, f"killed when it wrote {moment}")


def _reconciled(env: dict[str, str], undisturbed: database.Database, *, whole: bool = False) -> float:
    """Reconcile in this process, and return how many seconds the run took."""
    settings = Settings.from_environment(env)
    reconcile(settings, undisturbed, as_of=date.fromisoformat(AS_OF), on_step=lambda *_: None, whole=whole)
    with database.connect(undisturbed) as connection:
        run = connection.execute(f"{NEWEST_RUN} and status = 'succeeded'").fetchone()
    assert run
    return float(run[1])


def _kill_of_a_run(watching: psycopg.Connection, after: float, env: dict[str, str]) -> None:
    """Kill a reconcile some seconds after its run has begun."""
    before = _newest_run(watching)
    process = start("reconcile", "--as-of", AS_OF, env=env)
    while process.poll() is None and _newest_run(watching) == before:
        time.sleep(0.02)
    time.sleep(after)
    process.kill()
    process.communicate(timeout=60)


def _newest_run(watching: psycopg.Connection) -> object:
    known = watching.execute("select to_regclass('ops.run') is not null").fetchone()
    row = watching.execute(NEWEST_RUN).fetchone() if known == (True,) else None
    return row and row[0]


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
