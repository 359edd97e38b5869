"""The remittance reader beside its peers: one run, one machine, generated files, results checked against their totals.

    python -m bench.era835 --peers DIR [--peers DIR] [--write]

DIR is a virtual environment with the peers of bench/peers.txt; a peer that no DIR has is left out and named. Every
reading is a process of its own (bench/reader_process.py), and the readers take turns, so that what else the machine
does falls on all of them. `--write` puts the tables into docs/benchmarks.md; without it they are printed.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from itertools import pairwise
from pathlib import Path

from bench import load, page, report
from bench.generate import Shape, kept
from bench.machine import described
from bench.reading import LIMITS, OURS, PEERS, ROUNDS, Readers

_REPORT = Path(__file__).parents[1] / "docs" / "benchmarks.md"
_PLACES = {"--peers": "PEERS", "--files": "FILES"}  # what is said on the page of where things lie
_LARGEST_WHOLE = 100  # MB that are read in one piece; larger files are read part by part


def main() -> None:
    """Run everything and print or write the report."""
    parser = argparse.ArgumentParser(description="Reads generated 835 files with Trueup and its peers, in turns.")
    parser.add_argument("--peers", type=Path, action="append", default=[], help="a virtual environment with peers")
    parser.add_argument("--readers", nargs="+", default=[*OURS, *PEERS, *LIMITS], choices=[*OURS, *PEERS, *LIMITS])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 10, 100, 1000], choices=sorted(ROUNDS))
    parser.add_argument("--load-sizes", type=int, nargs="*", default=[10, 100], help="MB for the load; none: no load")
    parser.add_argument("--files", type=Path, default=Path("/tmp/trueup-bench"), help="where files are made")  # noqa: S108 - may be anywhere
    parser.add_argument("--limit", type=float, default=120, help="seconds of CPU a reading may take")
    parser.add_argument("--write", dest="out", action="store_const", const=_REPORT)
    given = parser.parse_args()
    given.files.mkdir(parents=True, exist_ok=True)
    readers = Readers(given.files, given.peers, given.limit)
    machine = described(given.peers) | {"first start ever": f"{readers.compile_seconds():.0f} s, compiling, once"}
    loadings: dict[str, load.Loading] = {}

    def write() -> None:  # after each step: a run takes long, and may be stopped
        command = f"python -m bench.era835 {shlex.join(_PLACES.get(last, said) for last, said in pairwise(sys.argv))}"
        text = report.written(readers.readings, loadings, machine, command)
        if given.out:
            page.put(given.out, "remittances", text)
        else:
            sys.stdout.write(text)

    wanted = [name for name in given.readers if name not in LIMITS]
    readers.read("1 MB, one transaction", 1, wanted, Shape(one_transaction=True))
    for size in given.sizes:
        large = size > _LARGEST_WHOLE
        readers.read(f"{size} MB", size, [OURS[1]] if large else wanted, Shape())
        write()
    readers.read("10 MB", 10, [name for name in given.readers if name in LIMITS], Shape())
    for size in given.load_sizes:
        path = given.files / f"{size}-MB.835"
        loadings[f"{size} MB"] = load.measured(path, kept(path, size), rounds=3 if size < _LARGEST_WHOLE else 2)
        write()


if __name__ == "__main__":
    main()
