"""Where the time of a reconcile went, as dbt's own log tells it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_NODE = re.compile(r"\d+ of \d+ (\w+) (?:created sql |loaded )?(\S+).* in ([0-9.]+)s\]")
_BUILD = re.compile(r"Finished running .* \(([0-9.]+)s\)\.")


def size(log: Path) -> int:
    """Return how much of the log there is now, to pass to `of` later."""
    return log.stat().st_size if log.exists() else 0


def of(log: Path, since: int, wall: float) -> dict[str, float]:
    """Return what a reconcile spent by part, seconds, from the log it wrote after `since` and how long it took.

    The first two add up to the wall time. `models` and `data tests` are the seconds of dbt's nodes, of which several
    run at once: more than the wall time of the builds they are part of.
    """
    with log.open("rb") as file:
        file.seek(since)
        text = _COLOUR.sub("", file.read().decode(errors="replace"))
    builds = [float(found[1]) for found in _BUILD.finditer(text)]
    nodes = [(found[1] in {"PASS", "WARN", "FAIL"}, float(found[3])) for found in _NODE.finditer(text)]
    return {
        "dbt's builds": sum(builds),
        "beside them": wall - sum(builds),
        "models": sum(seconds for is_test, seconds in nodes if not is_test),
        "data tests": sum(seconds for is_test, seconds in nodes if is_test),
    }
