"""docs/benchmarks.md from the figures of one run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.generate import MB
from bench.reading import LIMITS, OURS
from ingestion.era835.remittances import READ_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bench.load import Loading
    from bench.reading import Reading

_BAR = "oxedi"
_INTRO = """\
# Benchmarks

How fast Trueup reads and loads 835 files, beside the readers there are. One run on one machine, written by the script
itself; ratios are firmer than absolute figures, and another machine has others:

    python -m venv PEERS && PEERS/bin/pip install -r bench/peers.txt
    {command}

Where the load average below is above the number of cores, others were at work: the wall figures and the loads then say
little, and the CPU figures are lower than they would be alone.
"""
_READING = """\
## Reading

A file made by `bench/generate.py` (always the same bytes: about 480 bytes a claim, two or three service lines, three
claims in a hundred a reversal with its correction, 20 to 400 claims a transaction, everything balanced) to the reader's
own tables or objects in memory. Every reading is a process of its own; the readers take turns, and each figure is the
best of its rounds. The time does not hold the start: that is the column *start* (importing, and a first reading of
20 KB, which loads what is compiled).

- **MB/s of CPU, of wall**: 1,000,000 bytes of the file a second, reading it from disk (cached) included.
- **times oxedi, wall and CPU**: the ratios of those rates. By the wall: how much sooner it is done; trueup reads a file
  of more than {block} MB on two threads, oxedi has one. By the CPU: how much less work it is, the threads' together.
- **peak**: the largest resident memory of the process, its libraries included.
- **totals**: what was read against what the generator counted while it wrote: transactions, claims, paid, service
  lines, adjustments, provider adjustments.
"""
_NOTES = """\
What the readers do is not the same, so neither is their time:

- **trueup** gives the tables of `trueup era parse`, every amount as integer cents, all three levels of balancing, the
  counts of the trailers, the findings with their places, SHA-256 of the file and of every transaction's body, links
  from reversals to what they undo, all AMT, QTY, REF and DTM in long form and the list of segments that no table
  takes. Names and member numbers are not in them. *Part by part* is the door for files of any size: its memory does
  not grow with the file.
- **oxedi** gives five Arrow tables with the names and addresses, and checks what we do not: code lists, lengths and
  character sets of the elements. It has no modifiers, remarks, long tables or hashes. Its time holds the export to
  pyarrow and the list of its diagnostics.
- **openx12** gives dictionaries with amounts as floats, one payment a file, provider adjustments as text.
- **edi-835-parser** gives a pandas frame of service lines with amounts as floats; it takes one transaction a file, the
  first triplet of a CAS only and no claim-level or provider adjustments.
- **x12sdk** gives validated Pydantic models; **pyx12** checks every segment against the implementation guide's map and
  gives a tree a claim. Both do much that a table needs not.
"""
_AIMS = """\
## Against what was aimed at

Of each file the better of our two doors; every reader on all threads it has, trueup on two, oxedi on one.
"""
_LIMITS = """\
## What the machine can do

The same file, the least work there is: nothing that reads every byte in one thread is quicker.
"""
_GROWTH = """\
## Growth

Seconds of CPU for a MB should stay the same from the smallest file to the largest.
"""
_LOADING = """\
## Loading

`trueup load era` into a fresh embedded PostgreSQL with its usual settings, against COPY of the very same rows into
tables of the same definition in one transaction, from files that lie ready. In turns, each round in a new database; the
best of the rounds. *load* is the loader in a process that has started: from the file's name to the commit, the
encrypted copy in the archive included. *command* is the whole of `trueup load era FILE` with the start of Python.
"""


def written(readings: Sequence[Reading], loadings: dict[str, Loading], machine: dict[str, str], command: str) -> str:
    """Return the whole page."""
    files = list(dict.fromkeys(reading.file for reading in readings))
    parts = [_INTRO.format(command=command), _table(("", ""), machine.items())]
    parts += [_AIMS, _table(("", "aim", "measured"), _aims(readings, loadings))]
    parts.append(_READING.format(block=_figure(READ_BYTES / MB)))
    for file in files:
        of_file = [reading for reading in readings if reading.file == file and reading.reader not in LIMITS]
        parts += [f"### {file}\n", _reading_table(of_file)]
    parts += [_NOTES, _GROWTH, _growth_table(readings)]
    if any(reading.reader in LIMITS for reading in readings):
        parts += [_LIMITS, _limits_table(readings)]
    if loadings:
        parts += [_LOADING, _loading_table(loadings), _split_table(loadings)]
    return "\n".join(part for part in parts if part)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---" if not place else "---:" for place in range(len(head))], *rows]
    if not any(head):
        lines[1] = ["---"] * len(head)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _reading_table(readings: Sequence[Reading]) -> str:
    bar = next((reading for reading in readings if reading.reader == _BAR and not reading.failed), None)
    head = (
        *("reader", "MB/s of wall", "MB/s of CPU", "times oxedi, wall", "times oxedi, CPU"),
        *("peak MB", "start s", "totals"),
    )
    return _table(head, [_reading_row(reading, bar) for reading in readings])


def _reading_row(reading: Reading, bar: Reading | None) -> tuple[str, ...]:
    name = f"**{reading.reader}**" if reading.reader in OURS else reading.reader
    if reading.failed:
        return (name, "", "", "", "", "", "", reading.failed)
    return (
        name,
        _figure(_wall_rate(reading)),
        _figure(_rate(reading)),
        _figure(_wall_rate(reading) / _wall_rate(bar)) if bar else "",
        _figure(_rate(reading) / _rate(bar)) if bar else "",
        f"{reading.peak_bytes / MB:,.0f}",
        f"{reading.start_seconds:.1f}",
        "right" if not reading.wrong else f"wrong or not given: {', '.join(map(_words, reading.wrong))}",
    )


def _aims(readings: Sequence[Reading], loadings: dict[str, Loading]) -> list[tuple[str, str, str]]:
    """Give the best of our two doors for each file, and the loads, beside what they should be."""
    ours = [reading for reading in readings if reading.reader in OURS and not reading.failed]
    bars = {reading.file: reading for reading in readings if reading.reader == _BAR and not reading.failed}
    files = dict.fromkeys(one.file for one in ours)
    soonest, least = (
        {file: max((one for one in ours if one.file == file), key=rate) for file in files}
        for rate in (_wall_rate, _rate)
    )
    sooner = {file: _wall_rate(one) / _wall_rate(bars[file]) for file, one in soonest.items() if file in bars}
    times = {file: _rate(one) / _rate(bars[file]) for file, one in least.items() if file in bars}
    many = [one for one in ours if one.reader == OURS[1] and "," not in one.file]
    growth = _rate(min(many, key=_size)) / _rate(max(many, key=_size)) if many else 0
    ratios = {name: loading.rate("load") / loading.rate(loading.copy) for name, loading in loadings.items()}
    return [
        ("MB/s of wall, times oxedi's", "5 or more", _listed(sooner)),
        ("MB/s of CPU, times oxedi's", "5 or more", _listed(times)),
        ("MB/s of wall", "100 or more", _listed({file: _wall_rate(one) for file, one in soonest.items()})),
        ("MB/s of CPU", "100 or more", _listed({file: _rate(one) for file, one in least.items()})),
        ("CPU time of a MB, largest file by smallest", "1.0", _figure(growth)),
        ("load ÷ bare COPY", "0.70 or more", _listed(ratios)),
    ]


def _listed(values: dict[str, float]) -> str:
    return "; ".join(f"{file}: {_figure(value)}" for file, value in values.items())


def _size(reading: Reading) -> int:
    return reading.byte_count


def _growth_table(readings: Sequence[Reading]) -> str:
    ours = [reading for reading in readings if reading.reader in OURS and not reading.failed]
    ours.sort(key=lambda reading: (reading.reader, reading.byte_count))
    head = ("reader", "file", "wall s", "CPU s", "ms of CPU a MB", "peak MB")
    return _table(
        head,
        [
            (
                reading.reader,
                reading.file,
                f"{reading.wall_seconds:.3f}",
                f"{reading.cpu_seconds:.3f}",
                f"{reading.cpu_seconds * 1000 / (reading.byte_count / MB):.2f}",
                f"{reading.peak_bytes / MB:,.0f}",
            )
            for reading in ours
        ],
    )


def _limits_table(readings: Sequence[Reading]) -> str:
    limits = [reading for reading in readings if reading.reader in LIMITS and not reading.failed]
    rows = [(reading.reader, reading.file, _figure(_rate(reading))) for reading in limits]
    return _table(("work", "file", "MB/s of CPU"), rows)


def _loading_table(loadings: dict[str, Loading]) -> str:
    head = (
        "file",
        "rows",
        "totals",
        "load MB/s",
        "bare COPY MB/s",
        "load ÷ COPY",
        "command MB/s",
        "COPY, no index MB/s",
    )
    return _table(
        head,
        [
            (
                name,
                f"{loading.rows:,}",
                "right" if loading.right else "WRONG",
                _figure(loading.rate("load")),
                f"{_figure(loading.rate(loading.copy))} ({loading.copy.removeprefix('copy ')})",
                f"**{loading.rate('load') / loading.rate(loading.copy):.2f}**",
                _figure(loading.rate("command")),
                _figure(loading.rate("copy bare")),
            )
            for name, loading in loadings.items()
        ],
    )


def _split_table(loadings: dict[str, Loading]) -> str:
    """Give the seconds of every way, and of the parts of a load, each by itself."""
    names = list(next(iter(loadings.values())).seconds)
    rows = [(name, *(f"{loading.seconds[name]:.2f}" for loading in loadings.values())) for name in names]
    return _table(("seconds", *loadings), rows)


def _rate(reading: Reading) -> float:
    return reading.byte_count / MB / reading.cpu_seconds


def _wall_rate(reading: Reading) -> float:
    return reading.byte_count / MB / reading.wall_seconds


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"  # noqa: PLR2004


def _words(name: str) -> str:
    return name.removesuffix("_cents").replace("_", " ")
