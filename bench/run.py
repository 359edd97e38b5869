"""What was measured of books of one size, kept as it comes: a run takes long and may be stopped."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from bench.measuring import Measured

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Run:
    """What was measured of books of one size, by step.

    `unfinished` says of each step that has no figures why. `differences` counts the rows, by table, that another way of
    making it has and ours has not or the reverse; `spent` is where the time of a reconcile went, in seconds by part.
    """

    visits: int
    byte_count: int
    totals: dict[str, int]
    commit: str
    out: Path
    steps: dict[str, Measured] = field(default_factory=dict)
    unfinished: dict[str, str] = field(default_factory=dict)
    differences: dict[str, dict[str, int]] = field(default_factory=dict)
    spent: dict[str, dict[str, float]] = field(default_factory=dict)
    is_over: bool = False

    def took(self, step: str, measured: Measured) -> None:
        """Keep a step, or of a step that was measured before the round that took the least processor time."""
        before = self.steps.get(step)
        self.steps[step] = measured if before is None else min(before, measured, key=lambda one: one.cpu)
        self.keep()
        said = f"{self.visits:,} visits: {step}: {measured.wall:.1f} s, CPU {measured.command_cpu:.1f} s and"
        sys.stderr.write(f"{said} {measured.server_cpu:.1f} s in the server, peak {measured.peak / 1e9:.2f} GB\n")

    def missed(self, step: str, why: str) -> None:
        """Keep why a step has no figures."""
        self.unfinished[step] = why
        self.keep()
        sys.stderr.write(f"{self.visits:,} visits: {step}: {why}\n")

    def sum(self, *names: str) -> Measured | None:
        """Add steps up, the peak being the highest of them; None when one of them has no figures."""
        if not names or any(name not in self.steps for name in names):
            return None
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
        return [name for name in (*self.steps, *self.unfinished) if name.startswith("load ")]

    def keep(self) -> None:
        """Write everything down."""
        self.out.write_text(json.dumps(asdict(self) | {"out": str(self.out)}, indent=1) + "\n")


def kept(out: Path, commit: str) -> Run | None:
    """Return what an earlier command measured to the end, at the same commit; None when it did not."""
    if not out.exists():
        return None
    read = json.loads(out.read_text())
    steps = {name: Measured(**step) for name, step in read.pop("steps").items()}
    run = Run(**read | {"out": out, "steps": steps})
    return run if run.is_over and run.commit == commit else None
