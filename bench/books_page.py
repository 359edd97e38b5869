"""The part of docs/benchmarks.md about big books, from what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from bench.measuring import Measured
from bench.page import table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.run import Run

_MB, _GB = 1_000_000, 1_000_000_000
_GROWTH, _PANDAS, _BY_HAND, _SHARE = 12, 3, 2, 0.05
_MORE = "one more: reconcile"
_INTRO = """\
# Books

What it costs to load and reconcile big books: visits of 24 months with their charges, claims and lines, written by
`bench/books` (always the same bytes). One run on one machine, written by the script itself:

    {command}

Where the load average is above the number of cores, others were at work and wall times say little; processor seconds
(of the command and of the database server together) are firmer. *peak* is the memory of the command and of the server
together, what they share counted once. *Fixed start* is what the same command costs on books of {small:,} visits, that
is hardly any rows: importing Dagster, dbt and Great Expectations, reading the project, a statement a model and test.
"""
_ALL_AIMS = "No aim that was measured is missed."
_WHY = """\
What the aims compare does different work, and that is where the difference lies:

- **Faster than pandas**: the script makes one of the {tables} tables, from the same files, in memory and once. Ours are
  the loads (every row checked against its contract, kept for good under a key, the remittances archived encrypted) and
  then the reconcile.
- **Reconcile ÷ SQL by hand**: both make the same rows of {tables} tables. A reconcile makes them so that the next one
  need not: it keeps tables with keys between models where the SQL has temporary ones, finds what is touched, appends to
  a journal that refuses changes, looks for evidence and for what no file here has (subscriptions, credit notes, claims
  without a visit, provider adjustments), and tests all of it.
- **One more ÷ full**: what a run replaces follows what came; what it adds up and tests by month or in whole follows the
  books. The fixed start is in both.
"""
_OTHERS = """\
All must agree: the SQL on every row of {tables} tables in every column that both have, pandas on ten amounts of every
visit. They do not do the same, so neither is their time.

- **trueup** checks every row against its contract, keeps what it refused, keeps raw rows for good under keys, keeps an
  append-only journal, tests its own models and inputs, gives evidence and can be asked why.
- **SQL by hand** (`bench/by_hand/*.sql`, one session) starts from the loaded tables and makes those named below, the
  big ones with a primary key. It has no evidence of leaks, no tests, nothing incremental, no closed months, no
  memory of what was seen first, and of the rules only those these files need; tables that are empty for these files
  (subscriptions, unmatched remittances, provider balances, unapplied cash, quarantine) are left out.
- **pandas** (`bench/analyst.py`) is what an analyst writes in a day: ten amounts of each visit and their sums by month.
  No journal, leak, tie-out, ageing or ratio; it reads neither fees nor the bank, checks nothing and keeps nothing.

Compared row by row: {by_hand}.
"""


@dataclass(frozen=True)
class _Aim:
    """An aim and what was measured: the ratios by wall and by processor time, None where a step did not finish."""

    what: str
    aim: str
    wall: float | None
    cpu: float | None
    most: float | None = None
    least: float | None = None
    as_share: bool = False

    def row(self) -> list[str]:
        return [self.what, self.aim, self._said(self.wall), self._said(self.cpu), self.verdict]

    @property
    def verdict(self) -> str:
        if self.most is None and self.least is None:
            return ""
        if self.wall is None or self.cpu is None:
            return "not measured"
        are_met = [self._is_met(ratio) for ratio in (self.wall, self.cpu)]
        return "met" if all(are_met) else "met by wall or processor time only" if any(are_met) else "missed"

    def _is_met(self, ratio: float) -> bool:
        return (self.most is None or ratio <= self.most) and (self.least is None or ratio >= self.least)

    def _said(self, ratio: float | None) -> str:
        if ratio is None:
            return "-"
        return f"{ratio:.1%}" if self.as_share else f"{ratio:.2f}-fold"


def of(small: Run, runs: Sequence[Run], machine: dict[str, str], command: str) -> str:
    """Write the part about books. `small` is the fixed start; `runs` go up in size."""
    rows = [[what, said] for what, said in machine.items() if what != "peers"]
    aims = [*_growth(small, runs), *(aim for run in runs for aim in _of_size(small, run))]
    tables = max((len(run.differences.get("SQL by hand", ())) for run in runs), default=0)
    made = ", ".join(f"`{name}`" for run in runs[-1:] for name in run.differences.get("SQL by hand", ()))
    parts = [_INTRO.format(command=command, small=small.visits), table(["", ""], rows, "ll")]
    parts += ["## Books against what was aimed at\n"]
    parts += [table(["", "aim", "wall", "CPU", ""], [aim.row() for aim in aims], "llrrl")]
    missed = [aim for aim in aims if aim.verdict not in {"", "met"}]
    parts += [
        f"Not met: {'; '.join(f'{aim.what} ({aim.verdict})' for aim in missed)}.\n" if missed else _ALL_AIMS + "\n"
    ]
    if missed:
        parts += [_WHY.format(tables=tables)]
    for run in (small, *runs):
        name = f"{run.visits:,} visits{': the fixed start' if run is small else ''}"
        parts += [f"## {name}\n", _size(run), _steps(run), _spent(run), _agreement(run)]
    parts += ["## Who does what\n", _OTHERS.format(tables=tables, by_hand=made or "the same tables")]
    return "\n".join(part for part in parts if part)


def _growth(small: Run, runs: Sequence[Run]) -> Iterator[_Aim]:
    for smaller, larger in pairwise(runs):
        times = larger.visits / smaller.visits
        most = _GROWTH * times / 10
        what = f"{smaller.visits:,} → {larger.visits:,} visits ({times:.0f}-fold): "
        both = [run.sum(*run.loads, "reconcile") for run in (smaller, larger)]
        yield _aim(f"{what}load and reconcile", f"≤ {most:.0f}-fold", both[1], both[0], most=most)
        both = [run.sum("reconcile") for run in (smaller, larger)]
        yield _aim(f"{what}reconcile", "", both[1], both[0])
        both = [_less(run.sum("reconcile"), small.sum("reconcile")) for run in (smaller, larger)]
        yield _aim(f"{what}reconcile less its fixed start", "", both[1], both[0])
        both = [run.sum(_MORE) for run in (smaller, larger)]
        yield _aim(f"{what}one more remittance", "", both[1], both[0])


def _of_size(small: Run, run: Run) -> Iterator[_Aim]:
    visits, whole, hand = f"{run.visits:,}: ", run.sum("reconcile"), run.sum("SQL by hand")
    ours = run.sum(*run.loads, "reconcile")
    yield _aim(
        f"{visits}files to figures, faster than pandas", f"≥ {_PANDAS}-fold", run.sum("pandas"), ours, least=_PANDAS
    )
    yield _aim(f"{visits}reconcile ÷ SQL by hand", f"≤ {_BY_HAND}-fold", whole, hand, most=_BY_HAND)
    bare = _less(whole, small.sum("reconcile"))
    yield _aim(f"{visits}the same, less the fixed start of the reconcile", "", bare, hand)
    more, start = run.sum(_MORE), small.sum(_MORE)
    yield _aim(
        f"{visits}one more remittance ÷ full reconcile", f"≤ {_SHARE:.0%}", more, whole, most=_SHARE, as_share=True
    )
    yield _aim(f"{visits}of that, the fixed start", "", start, whole, as_share=True)
    yield _aim(f"{visits}the same, less the fixed start of each", "", _less(more, start), bare, as_share=True)


def _aim(  # noqa: PLR0913 - a row of the table
    what: str,
    aim: str,
    part: Measured | None,
    whole: Measured | None,
    *,
    most: float | None = None,
    least: float | None = None,
    as_share: bool = False,
) -> _Aim:
    if not part or not whole or not whole.wall or not whole.cpu:
        return _Aim(what, aim, None, None, most, least, as_share)
    return _Aim(what, aim, part.wall / whole.wall, part.cpu / whole.cpu, most, least, as_share)


def _less(one: Measured | None, other: Measured | None) -> Measured | None:
    if not one or not other:
        return None
    cpu = max(one.command_cpu - other.command_cpu, 0), max(one.server_cpu - other.server_cpu, 0)
    return Measured(max(one.wall - other.wall, 0), *cpu, one.peak)


def _size(run: Run) -> str:
    held = run.totals
    return (
        f"{run.byte_count / _MB:,.1f} MB of files: {held['observations']:,} observations of visits,"
        f" {held['stripe_objects']:,} Stripe objects ({held['charges']:,} charges), {held['claims']:,} claims with"
        f" {held['services']:,} lines and {held['adjustments']:,} adjustments in {held['transactions']:,} remittances,"
        f" {held['deposits']:,} deposits. One more remittance: {held['late_claims']:,} claims.\n"
    )


def _steps(run: Run) -> str:
    loads = run.sum(*run.loads)
    shown = ({"all loads": loads} if loads else {}) | run.steps
    rows = [
        [name, f"{step.wall:,.1f}", f"{step.command_cpu:,.1f}", f"{step.server_cpu:,.1f}", f"{step.peak / _GB:.2f}"]
        for name, step in shown.items()
    ]
    rows += [[name, why.replace("|", "/").splitlines()[0], "", "", ""] for name, why in run.unfinished.items()]
    return table(["step", "wall s", "CPU s, command", "CPU s, server", "peak GB"], rows, "lrrrr")


def _spent(run: Run) -> str:
    """Say where the reconciles' wall time went."""
    parts = list(dict.fromkeys(part for spent in run.spent.values() for part in spent))
    if not parts:
        return ""
    rows = [[step, *(f"{spent.get(part, 0):,.1f}" for part in parts)] for step, spent in run.spent.items()]
    said = (
        "\n*dbt's builds* are wall seconds; *beside them* are the start, the contracts, memos and journal. *models* and"
        " *data tests* are the seconds of dbt's nodes, of which several run at once.\n"
    )
    return table(["seconds of", *parts], rows, "l" + "r" * len(parts)) + said


def _agreement(run: Run) -> str:
    if not run.differences:
        return ""
    said = []
    for who, tables in run.differences.items():
        wrong = [f"{name} {count:,}" for name, count in tables.items() if count]
        many = f"{len(tables)} tables" if len(tables) > 1 else next(iter(tables), "nothing")
        said.append(f"{who} ({many}): {', '.join(wrong) if wrong else 'none'}")
    return f"Rows that only one has, of ours and of those by {'; by '.join(said)}.\n"
