"""Loading and reconciling big books: how time and memory grow, beside pandas and beside SQL written by hand.

    python -m bench.reconcile --visits 100000 1000000 --write

For each size, in one run: the files of bench.books are loaded and reconciled by the commands a user has, then one more
remittance of 1,000 claims; a pandas script makes its figures from the same files, and SQL written by hand makes the
tables of a reconcile from the loaded raw ones. All must agree. What was measured is kept beside the files as it comes:
`--resume` does not measure again what was measured to the end at this commit. `--write` puts it into
docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import contextlib
import shlex
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench import agreement, books, books_page, page, spent
from bench.books.catalog import AS_OF
from bench.machine import described
from bench.measuring import Measured, Meter
from bench.run import Run, kept
from ledger.store import database as store
from ledger.store import embedded_postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.books import Books
    from ledger.store.database import Database

_PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
_SMALL = 1_000
"""Visits of the books whose reconcile is all fixed start: Dagster's and dbt's own, hardly any rows."""
_LIMIT = 3_600
_ROUNDS = 2


@dataclass(frozen=True)
class Bench:
    """How to measure: where the files of the books are, how often, and how long a step may take (seconds)."""

    files: Path
    rounds: int
    limit: float
    commit: str

    def measured(self, visits: int) -> Run:
        """Make the books of so many visits in a new home, and the same figures in the two other ways."""
        made = books.kept(self.files / f"books-{visits}", visits)
        run = Run(visits, made.byte_count, made.totals, self.commit, self.out(visits))
        with _home() as (home, database, server):
            _Steps(run, Meter(home, server, self.limit), database).measure(made, self.files / "analyst", self.rounds)
        run.is_over = True
        run.keep()
        return run

    def start(self) -> Run:
        """Measure hardly any visits as often as asked for and return the cheapest of each step: the fixed start."""
        made = books.kept(self.files / f"books-{_SMALL}", _SMALL)
        run = Run(_SMALL, made.byte_count, made.totals, self.commit, self.out(_SMALL))
        for _ in range(self.rounds):
            with _home() as (home, database, server):
                _Steps(run, Meter(home, server, self.limit), database).reconcile(made)
        run.is_over = True
        run.keep()
        return run

    def out(self, visits: int) -> Path:
        """Where what is measured of so many visits is kept."""
        return self.files / f"measured-{visits}.json"


@dataclass(frozen=True)
class _Steps:
    run: Run
    meter: Meter
    database: Database

    def measure(self, made: Books, analyst: Path, rounds: int) -> None:
        """Go through everything; the SQL and pandas as often as asked for."""
        self.reconcile(made, between=lambda: self._others(made, analyst, rounds))

    def reconcile(self, made: Books, between: Callable[[], object] = lambda: None) -> None:
        """Load and reconcile everything, do what comes `between`, then one remittance more; stop at what fails."""
        for kind, paths in made.files.items():
            given = [made.files["era"][0].parent] if kind == "era" else paths
            if not self._trueup(f"load {kind}", "load", kind, *given):
                return
        is_reconciled = self._trueup("reconcile", "reconcile", "--as-of", AS_OF)
        between()
        if is_reconciled and self._trueup("one more: load", "load", "era", made.late):
            self._trueup("one more: reconcile", "reconcile", "--as-of", AS_OF)

    def _others(self, made: Books, analyst: Path, rounds: int) -> None:
        """Let SQL and pandas make the same figures, and count where they differ from ours."""
        folder = made.late.parents[1]
        by_hand = (sys.executable, "-m", "bench.by_hand", self.meter.home)
        pandas = (sys.executable, "-m", "bench.analyst", folder, analyst)
        for _ in range(rounds):
            self._step("SQL by hand", lambda: self.meter.process(*by_hand))
            self._step("pandas", lambda: self.meter.process(*pandas))
        if "reconcile" in self.run.steps and "SQL by hand" in self.run.steps:
            self.run.differences["SQL by hand"] = agreement.with_hand(self.database)
        if "reconcile" in self.run.steps and "pandas" in self.run.steps:
            self.run.differences["pandas"] = agreement.with_pandas(self.database, analyst)

    def _trueup(self, step: str, *words: object) -> bool:
        log = self.meter.home / "logs" / "dbt.log"
        before = spent.size(log)
        is_done = self._step(step, lambda: self.meter.trueup(*words))
        if is_done and words[0] == "reconcile":
            self.run.spent[step] = spent.of(log, before, self.run.steps[step].wall)
        return is_done

    def _step(self, name: str, work: Callable[[], Measured]) -> bool:
        """Measure a step and say whether it came to its end; why it did not is kept and stops nothing else."""
        try:
            self.run.took(name, work())
        except (TimeoutError, RuntimeError) as failure:
            self.run.missed(name, f"{failure}")
            with contextlib.closing(store.connect(self.database)) as connection:
                # What the server still does for a command that is gone would count for the next.
                connection.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where backend_type = 'client backend' and pid <> pg_backend_pid()"
                )
            return False
        return True


@contextlib.contextmanager
def _home() -> Iterator[tuple[Path, Database, int]]:
    """Yield a new home, its database and the process number of its server; all of it is gone at the end."""
    home = Path(tempfile.mkdtemp(prefix="bench-", dir="/tmp"))
    home.chmod(0o711)  # as root the server's account passes through
    try:
        with store.opened(None, home) as database:
            yield home, database, embedded_postgres.postmaster((home / "postgres").resolve()) or 0
    finally:
        shutil.rmtree(home, ignore_errors=True)


def main() -> None:
    """Measure and print or write the report."""
    parser = argparse.ArgumentParser(description="Loads and reconciles big books, beside pandas and SQL by hand.")
    parser.add_argument("--visits", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--files", type=Path, default=Path("/tmp/trueup-bench"), help="where files are made")  # noqa: S108 - may be anywhere
    parser.add_argument("--rounds", type=int, default=_ROUNDS, help="of pandas, SQL by hand and the fixed start")
    parser.add_argument("--limit", type=float, default=_LIMIT, help="seconds after which a step is ended")
    parser.add_argument("--resume", action="store_true", help="keep what was measured to the end at this commit")
    parser.add_argument("--write", dest="out", action="store_const", const=_PAGE, help="into docs/benchmarks.md")
    given = parser.parse_args()
    given.files.mkdir(parents=True, exist_ok=True)
    machine = described([])
    bench = Bench(given.files, given.rounds, given.limit, machine["Trueup"])
    known = {visits: kept(bench.out(visits), bench.commit) for visits in (_SMALL, *given.visits) if given.resume}
    small = known.get(_SMALL) or bench.start()
    runs = [known.get(visits) or bench.measured(visits) for visits in sorted(given.visits)]
    text = books_page.of(small, runs, machine, f"python -m bench.reconcile {shlex.join(sys.argv[1:])}")
    if given.out:
        page.put(given.out, "books", text)
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
