"""Loading and reconciling big books: how time and memory grow, beside pandas and beside SQL written by hand.

    python -m bench.reconcile --visits 100000 1000000 --write

For each size, in one run: the files of bench.books are loaded and reconciled by the commands a user has, then one more
remittance of 1,000 claims; a pandas script makes its figures from the same files, and a script of SQL from the loaded
raw tables. All three must agree on every visit. `--write` puts the tables into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shlex
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from bench import books, page
from bench.books.catalog import AS_OF
from bench.machine import described
from bench.measuring import Measured, Meter
from ledger.store import database as store
from ledger.store import embedded_postgres

if TYPE_CHECKING:
    from ledger.store.database import Database

_PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
_BY_HAND = Path(__file__).with_name("by_hand.sql")
_SMALL = 1_000
"""Visits of the books whose reconcile is all fixed start: Dagster's and dbt's own, hardly any rows."""
_FIGURES = (
    "payer_paid_cents",
    "patient_responsibility_cents",
    "patient_target_cents",
    "patient_billed_cents",
    "patient_collected_cents",
    "memo_cents",
    "contractual_cents",
    "sequestration_cents",
    "denied_cents",
    "other_adjustment_cents",
)
_MORE = (
    *("state", "service_period", "allowed_cents", "pos_ledger", "pos_paid", "expected_allowed_cents"),
    *("pos_variance_cents", "pos_adjusted_revenue_cents", "patient_balance_cents"),
)
"""Columns of a visit that the SQL by hand has beside those of pandas."""
_LEAKS = """
    select category, count(*), coalesce(sum(amount_cents), 0)::bigint from {} group by category order by category
"""


@dataclass
class Run:
    """What was measured of books of one size."""

    visits: int
    byte_count: int
    totals: dict[str, int]
    steps: dict[str, Measured] = field(default_factory=dict)
    differences: dict[str, int] = field(default_factory=dict)

    def took(self, step: str, measured: Measured) -> None:
        """Keep a step, and say so: a run takes long, and may be stopped."""
        self.steps[step] = measured
        said = f"{self.visits:,} visits: {step}: {measured.wall:.1f} s, CPU {measured.command_cpu:.1f} s and"
        sys.stderr.write(f"{said} {measured.server_cpu:.1f} s in the server, peak {measured.peak / 1e9:.2f} GB\n")

    def sum(self, *names: str) -> Measured:
        """Add steps up; the peak is the highest of them."""
        steps = [self.steps[name] for name in names]
        return Measured(
            wall=sum(step.wall for step in steps),
            command_cpu=sum(step.command_cpu for step in steps),
            server_cpu=sum(step.server_cpu for step in steps),
            peak=max(step.peak for step in steps),
        )

    @property
    def loads(self) -> list[str]:
        """The steps that load the files."""
        return [name for name in self.steps if name.startswith("load ")]


def measured(files: Path, visits: int) -> Run:
    """Make the books of so many visits in a new home, and the same figures in the two other ways."""
    made = books.kept(files / f"books-{visits}", visits)
    run = Run(visits, made.byte_count, made.totals)
    home = Path(tempfile.mkdtemp(prefix="bench-", dir="/tmp"))
    home.chmod(0o711)  # as root the server's account passes through
    try:
        with store.opened(None, home) as database:
            server = embedded_postgres.postmaster((home / "postgres").resolve())
            meter = Meter(home, server or 0)
            for kind, paths in made.files.items():
                given = [made.files["era"][0].parent] if kind == "era" else paths
                run.took(f"load {kind}", meter.trueup("load", kind, *given))
            run.took("reconcile", meter.trueup("reconcile", "--as-of", f"{AS_OF}"))
            if visits > _SMALL:
                _others(run, meter, database, files)
            run.took("one more: load", meter.trueup("load", "era", made.late))
            run.took("one more: reconcile", meter.trueup("reconcile", "--as-of", f"{AS_OF}"))
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return run


def _others(run: Run, meter: Meter, database: Database, files: Path) -> None:
    """Let SQL and pandas make the same figures, and count where they differ from ours."""
    with contextlib.closing(store.connect(database)) as connection:
        connection.execute(f"set bench.as_of = '{AS_OF}'".encode())
        run.took("SQL by hand", meter.inside(lambda: connection.execute(_BY_HAND.read_bytes())))
        connection.commit()
    out = files / "analyst"
    run.took("pandas", meter.process(sys.executable, "-m", "bench.analyst", files / f"books-{run.visits}", out))
    run.differences = _differences(database, out)


def _differences(database: Database, out: Path) -> dict[str, int]:
    """Count the visits, leak categories and months in which the three ways do not agree."""
    ours = _frame(database, "marts.visit_revenue", (*_FIGURES, *_MORE))
    by_hand = _frame(database, "by_hand.visit", (*_FIGURES, *_MORE))
    analyst = pd.read_parquet(out / "visits.parquet").set_index("visit_token").sort_index()[list(_FIGURES)]
    with contextlib.closing(store.connect(database)) as connection:
        leaks = connection.execute(_LEAKS.format("marts.leaks").encode()).fetchall()
        found = connection.execute(_LEAKS.format("by_hand.leak").encode()).fetchall()
        months = connection.execute(
            "select count(*) from by_hand.month as hand full join marts.month_summary as ours using (period, measure)"
            " where coalesce(hand.amount_cents, 0) <> coalesce(ours.amount_cents, 0)"
            " and measure in (select measure from by_hand.month)"
        ).fetchone()
    return {
        "visits, SQL by hand": _unequal(ours, by_hand),
        "visits, pandas": _unequal(ours[list(_FIGURES)], analyst),
        "leak categories, SQL by hand": len(set(leaks) ^ set(found)),
        "month measures, SQL by hand": int(months[0]) if months else -1,
    }


def _frame(database: Database, table: str, columns: tuple[str, ...]) -> pd.DataFrame:
    query = f"select visit_token::text, {', '.join(columns)} from {table} order by visit_token"
    with contextlib.closing(store.connect(database)) as connection, connection.cursor() as cursor:
        rows: list[tuple[Any, ...]] = cursor.execute(query.encode()).fetchall()
    return pd.DataFrame(rows, columns=["visit_token", *columns]).set_index("visit_token").sort_index()


def _unequal(one: pd.DataFrame, other: pd.DataFrame) -> int:
    if not one.index.equals(other.index):
        return len(one.index.symmetric_difference(other.index)) or -1
    same = (one.astype(object) == other.astype(object)) | (one.isna() & other.isna())
    return int((~same.astype(bool)).any(axis=1).sum())


def main() -> None:
    """Measure and print or write the report."""
    parser = argparse.ArgumentParser(description="Loads and reconciles big books, beside pandas and SQL by hand.")
    parser.add_argument("--visits", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--files", type=Path, default=Path("/tmp/trueup-bench"), help="where files are made")  # noqa: S108 - may be anywhere
    parser.add_argument("--json", type=Path, help="write what was measured, too")
    parser.add_argument("--write", dest="out", action="store_const", const=_PAGE, help="into docs/benchmarks.md")
    given = parser.parse_args()
    given.files.mkdir(parents=True, exist_ok=True)
    machine = described([])
    runs = [measured(given.files, visits) for visits in given.visits]
    small = measured(given.files, _SMALL)
    if given.json:
        given.json.write_text(json.dumps([asdict(run) for run in (small, *runs)], indent=1))
    text = page.of_books(small, runs, machine, f"python -m bench.reconcile {shlex.join(sys.argv[1:])}")
    if given.out:
        page.put(given.out, "books", text)
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
