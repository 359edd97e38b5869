"""What a command costs: wall time, processor time of its processes and of the database server, and their peak memory.

Peak memory is the largest sum, looked at four times a second, of the proportional set sizes (Pss: what is shared is
divided among those who share it) of the command, its children and every process of the server.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_TICKS = os.sysconf("SC_CLK_TCK")
_BETWEEN_LOOKS = 0.25
_PARENT, _TIMES = 1, (11, 12, 13, 14)  # fields of stat, from the state on: user and system, own and of ended children


@dataclass(frozen=True)
class Measured:
    """Seconds and bytes of one step."""

    wall: float
    command_cpu: float
    server_cpu: float
    peak: int

    @property
    def cpu(self) -> float:
        """Processor seconds of everything."""
        return self.command_cpu + self.server_cpu


@dataclass(frozen=True)
class Meter:
    """Runs steps in a home whose server has this process number; a step that takes longer than `limit` s is ended."""

    home: Path
    server: int
    limit: float

    def trueup(self, *arguments: object) -> Measured:
        """Run a command of ours; 1 (something was quarantined) is no failure here, anything above is."""
        environment = {"TRUEUP_HOME": str(self.home), "TRUEUP_DATABASE_URL": ""}
        return self.process(Path(sys.executable).with_name("trueup"), *arguments, environment=environment)

    def process(self, *command: object, environment: dict[str, str] | None = None) -> Measured:
        """Run a command to its end, silently.

        Raises RuntimeError with what it said when it fails, and TimeoutError when it was ended at the limit.
        """
        began, before, ended = time.perf_counter(), self._server_cpu(), resource.getrusage(resource.RUSAGE_CHILDREN)
        started = subprocess.Popen(  # noqa: S603 - our own commands
            list(map(str, command)),
            env=os.environ | (environment or {}),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        with _Peak([started.pid, self.server]) as peak:
            said = self._waited_for(started)
        if started.returncode > 1:
            raise RuntimeError(f"{command}: {said[-2000:]}")
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = usage.ru_utime + usage.ru_stime - ended.ru_utime - ended.ru_stime
        return Measured(time.perf_counter() - began, seconds, self._server_cpu() - before, peak.bytes)

    def _waited_for(self, started: subprocess.Popen[str]) -> str:
        """Return what a command said; it and all it started are ended at the limit."""
        try:
            return started.communicate(timeout=self.limit)[1]
        except BaseException as stopped:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(started.pid, signal.SIGKILL)
            started.communicate()
            if isinstance(stopped, subprocess.TimeoutExpired):
                raise TimeoutError(f"not finished after {self.limit:,.0f} s") from stopped
            raise

    def _server_cpu(self) -> float:
        return sum(map(_cpu, [self.server, *_below([self.server])]))


class _Peak:
    """Looks at the memory of processes, and of all they started, until it is closed."""

    def __init__(self, roots: list[int]) -> None:
        self._roots, self._over = roots, threading.Event()
        self._looking = threading.Thread(target=self._look, daemon=True)
        self.bytes = 0

    def __enter__(self) -> Self:
        self._looking.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._looking.join()

    def _look(self) -> None:
        while not self._over.wait(_BETWEEN_LOOKS):
            everyone = {*self._roots, *_below(self._roots)}
            self.bytes = max(self.bytes, sum(map(_memory, everyone)))


def _below(roots: list[int]) -> list[int]:
    """Return the processes that these started, and those started by them."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*"):
        fields = _stat(int(path.name))
        if fields:
            parents[int(path.name)] = int(fields[_PARENT])
    found: list[int] = []
    wave = list(roots)
    while wave:
        wave = [pid for pid, parent in parents.items() if parent in wave]
        found += wave
    return found


def _cpu(pid: int) -> float:
    """Return the processor seconds of a process and of its children that have ended."""
    fields = _stat(pid)
    return sum(int(fields[at]) for at in _TIMES) / _TICKS if fields else 0.0


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # it has ended
        return []


def _memory(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
