"""Readers in turns on one file, each reading a process of its own, its result checked against the control totals."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.generate import MB, Control, Generator, Shape, kept

_ROOT = Path(__file__).parents[1]
_CHILD = Path(__file__).with_name("reader_process.py")
OURS = ("trueup", "trueup, part by part")
PEERS = {
    "oxedi": "oxedi",
    "oxedi, part by part": "oxedi",
    "openx12": "openx12",
    "edi-835-parser": "edi_835_parser",
    "x12sdk": "x12sdk",
    "pyx12": "pyx12",
}
LIMITS = ("copy of the bytes", "SHA-256 of the bytes", "count of the delimiters")
_SLOW_SECONDS = 2  # a reading that takes longer is not repeated
ROUNDS = {1: 3, 10: 3, 100: 2, 1000: 1}


@dataclass
class Reading:
    """The best of the rounds of one reader on one file; `failed` says why there is none."""

    reader: str
    file: str
    byte_count: int
    cpu_seconds: float = float("inf")
    wall_seconds: float = float("inf")
    start_seconds: float = float("inf")
    peak_bytes: int = 0
    wrong: list[str] = field(default_factory=list)
    failed: str = ""

    def add(self, measured: dict[str, float], wrong: list[str]) -> None:
        """Count one round in."""
        self.cpu_seconds = min(self.cpu_seconds, measured["cpu_seconds"])
        self.wall_seconds = min(self.wall_seconds, measured["wall_seconds"])
        self.start_seconds = min(self.start_seconds, measured["start_seconds"])
        self.peak_bytes = max(self.peak_bytes, int(measured["peak_bytes"]))
        self.wrong = wrong


class Readers:
    """The files, the environments and the readings of a run."""

    def __init__(self, files: Path, peers: list[Path], limit: float) -> None:
        self._files = files
        self._limit = limit
        self._pythons = {name: _python_with(module, peers) for name, module in PEERS.items()}
        self._pythons |= dict.fromkeys((*OURS, *LIMITS), Path(sys.executable))
        self.readings: list[Reading] = []
        self._warm = files / "warm.835"
        with self._warm.open("wb") as out:
            Generator(Shape()).write(out, 20_000)

    def read(self, name: str, megabytes: int, readers: list[str], shape: Shape) -> None:
        """Let the readers take turns on one file."""
        path = self._files / f"{name.replace(',', '').replace(' ', '-')}.835"
        control = kept(path, megabytes, shape)
        readings = [Reading(reader, name, control.byte_count) for reader in readers]
        self.readings += readings
        for number in range(ROUNDS[megabytes]):
            for reading in readings:
                if not reading.failed and (number == 0 or reading.wall_seconds < _SLOW_SECONDS):
                    self._once(reading, path, control)
        for reading in readings:
            _say(reading)

    def compile_seconds(self) -> float:
        """Give the seconds of our very first start on a machine, which compiles the loops."""
        with TemporaryDirectory() as empty:
            environment = {**os.environ, "NUMBA_CACHE_DIR": empty}
            command = [sys.executable, "-P", str(_CHILD), OURS[0], str(self._warm), str(self._warm)]
            done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=_ROOT, env=environment)  # noqa: S603 - ours
        return float(json.loads(done.stdout)["start_seconds"])

    def _once(self, reading: Reading, path: Path, control: Control) -> None:
        python, expected = self._pythons[reading.reader], self._expected(reading)
        if python is None:
            reading.failed = "not installed"
        elif expected > self._limit:
            reading.failed = f"left out: about {expected:.0f} s of CPU by its rate on a smaller file"
        else:
            self._measure(reading, python, path, control)

    def _measure(self, reading: Reading, python: Path, path: Path, control: Control) -> None:
        command = [str(part) for part in (python, "-P", _CHILD, reading.reader, path, self._warm)]
        longest = 4 * self._limit  # the machine may be busy
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=longest, check=True, cwd=_ROOT)  # noqa: S603 - ours
        except subprocess.TimeoutExpired:
            reading.failed = f"not done after {longest:.0f} s"
            return
        except subprocess.CalledProcessError as error:
            last = [line for line in error.stderr.splitlines() if line.strip()][-1:]
            reading.failed = f"fails: {last[0].split(':')[0] if last else f'exit {error.returncode}'}"
            return
        measured = json.loads(done.stdout.splitlines()[-1])
        reading.add(measured, _differing(measured["totals"], control))

    def _expected(self, reading: Reading) -> float:
        """Give the seconds of CPU the reader would take by its rate on smaller files; 0 when there is none."""
        before = [old for old in self.readings if old.reader == reading.reader and old.byte_count < reading.byte_count]
        return max(
            (old.cpu_seconds * reading.byte_count / old.byte_count for old in before if not old.failed), default=0
        )


def _python_with(module: str, environments: list[Path]) -> Path | None:
    looked = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
    for python in (environment / "bin" / "python" for environment in environments):
        if subprocess.run([python, "-c", looked], check=False).returncode == 0:  # noqa: S603 - an environment we were given
            return python
    return None


def _differing(totals: dict[str, int | None] | None, control: Control) -> list[str]:
    """Name the figures that are wrong, or are not given; none where a reader reads nothing."""
    expected = asdict(control)
    return [name for name, found in (totals or {}).items() if found != expected[name]]


def _say(reading: Reading) -> None:
    rate = reading.byte_count / MB / reading.cpu_seconds
    said = reading.failed or f"{rate:9.2f} MB/s of CPU, {reading.peak_bytes / MB:,.0f} MB, differs: {reading.wrong}"
    sys.stderr.write(f"{reading.file:>24} {reading.reader:26} {said}\n")
