"""docs/benchmarks.md has one part a script: each writes its own and leaves the others as they are."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from bench.measuring import Measured
    from bench.reconcile import Run

_MB, _GB = 1_000_000, 1_000_000_000
_GROWTH, _PANDAS, _BY_HAND, _SHARE = 12, 3, 2, 0.05
_INTRO = """\
# Books

What it costs to load and reconcile big books: visits of 24 months with their charges, claims and lines, written by
`bench/books` (always the same bytes). One run on one machine, written by the script itself:

    {command}

Where the load average is above the number of cores, others were at work and wall times say little; processor seconds
(of the command and of the database server together) are firmer. *peak* is the memory of the command and of the server
together, what they share counted once.
"""
_OTHERS = """\
All three must agree on ten amounts of every visit; the SQL also on nine further columns, ten leak categories and
fourteen measures of each month. They do not do the same, so neither is their time: **trueup** checks every row against
its contract, keeps what it refused, keeps raw rows for good under keys, keeps a journal, tests its own models and
inputs on every run and can be asked why; **pandas** (`bench/analyst.py`) gives the ten amounts and no leaks, keeps
nothing and checks nothing; **SQL by hand** (`bench/by_hand.sql`) starts from the loaded tables, knows only what these
files need and has no journal.
"""


def put(path: Path, name: str, text: str) -> None:
    """Replace one part of the page, or add it at the end."""
    begin, end = f"<!-- begin: {name} -->\n", f"<!-- end: {name} -->\n"
    page = path.read_text(encoding="utf-8") if path.exists() else ""
    part = f"{begin}\n{text.strip()}\n\n{end}"
    if begin in page:
        before, _, rest = page.partition(begin)
        page = before + part + rest.partition(end)[2]
    else:
        page = f"{page}\n{part}" if page else part
    path.write_text(page, encoding="utf-8")


def of_books(small: Run, runs: Sequence[Run], machine: dict[str, str], command: str) -> str:
    """Write the part about books from what was measured."""
    rows = [[what, said] for what, said in machine.items() if what != "peers"]
    parts = [_INTRO.format(command=command), _table(["", ""], rows, "ll")]
    parts += ["## Books against what was aimed at\n", _aims(small, runs)]
    for run in runs:
        parts += [f"## {run.visits:,} visits\n", _size(run), _steps(run), _agreement(run)]
    parts += ["## Who does what\n", _OTHERS]
    return "\n".join(parts)


def _aims(small: Run, runs: Sequence[Run]) -> str:
    rows = []
    for smaller, larger in pairwise(runs):
        times = larger.visits // smaller.visits
        one, other = (run.sum(*run.loads, "reconcile") for run in (smaller, larger))
        said = f"wall {other.wall / one.wall:.1f}-fold, CPU {other.cpu / one.cpu:.1f}-fold"
        rows.append([f"growth for {times} times the visits", f"≤ {_GROWTH}-fold", said])
    for run in runs:
        ours, pandas = run.sum(*run.loads, "reconcile"), run.steps["pandas"]
        said = f"wall {pandas.wall / ours.wall:.2f}-fold, CPU {pandas.cpu / ours.cpu:.2f}-fold"
        rows.append([f"{run.visits:,}: files to figures, faster than pandas", f"≥ {_PANDAS}-fold", said])
        said = _ratio(run.steps["reconcile"], run.steps["SQL by hand"])
        rows.append([f"{run.visits:,}: reconcile ÷ SQL by hand", f"≤ {_BY_HAND}-fold", said])
        said = _ratio(_less(run.steps["reconcile"], _start(small)), run.steps["SQL by hand"])
        rows.append([f"{run.visits:,}: the same without the fixed start", "", said])
        whole, more, start = run.steps["reconcile"], run.steps["one more: reconcile"], _start(small)
        said = f"wall {more.wall / whole.wall:.1%}, of which fixed start {start.wall / whole.wall:.1%}; "
        said += f"CPU {more.cpu / whole.cpu:.1%}, of which {start.cpu / whole.cpu:.1%}"
        rows.append([f"{run.visits:,}: one more remittance ÷ full reconcile", f"≤ {_SHARE:.0%}", said])
    return _table(["", "aim", "measured"], rows, "lrl")


def _start(small: Run) -> Measured:
    """Give what a reconcile costs that has hardly any rows."""
    return small.steps["one more: reconcile"]


def _less(one: Measured, other: Measured) -> Measured:
    cpu = max(one.command_cpu - other.command_cpu, 0), max(one.server_cpu - other.server_cpu, 0)
    return type(one)(max(one.wall - other.wall, 0), *cpu, one.peak)


def _ratio(one: Measured, other: Measured) -> str:
    return f"wall {one.wall / other.wall:.2f}-fold, CPU {one.cpu / other.cpu:.2f}-fold"


def _size(run: Run) -> str:
    held = run.totals
    return (
        f"{run.byte_count / _MB:,.0f} MB of files: {held['observations']:,} observations of visits,"
        f" {held['stripe_objects']:,} Stripe objects ({held['charges']:,} charges), {held['claims']:,} claims with"
        f" {held['services']:,} lines and {held['adjustments']:,} adjustments in {held['transactions']:,} remittances,"
        f" {held['deposits']:,} deposits. One more remittance: {held['late_claims']:,} claims.\n"
    )


def _steps(run: Run) -> str:
    shown = {"all loads": run.sum(*run.loads), **run.steps}
    rows = [
        [name, f"{step.wall:,.1f}", f"{step.command_cpu:,.1f}", f"{step.server_cpu:,.1f}", f"{step.peak / _GB:.2f}"]
        for name, step in shown.items()
    ]
    return _table(["step", "wall s", "CPU s, command", "CPU s, server", "peak GB"], rows, "lrrrr")


def _agreement(run: Run) -> str:
    said = "; ".join(f"{what}: {count:,}" for what, count in run.differences.items())
    return f"Where the three do not agree with each other: {said}.\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], sides: str) -> str:
    rule = ["---:" if side == "r" else "---" for side in sides]
    lines = [f"| {' | '.join(row)} |" for row in (head, rule, *rows)]
    return "\n".join(lines) + "\n"
