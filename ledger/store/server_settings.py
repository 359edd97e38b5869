"""How the embedded server is set for books of millions of rows: by the memory there is, and without a replica's log."""

from __future__ import annotations

import os
from pathlib import Path

_MB = 1 << 20
_CGROUP = Path("/sys/fs/cgroup/memory.max")


def memory() -> int:
    """Return the bytes of memory there are: the machine's, or its container's where that is less."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    said = _CGROUP.read_text().strip() if _CGROUP.exists() else "max"
    return min(machine, int(said)) if said.isdigit() else machine


def sized_for(memory_bytes: int) -> str:
    """Return the server's command-line options for a machine of so many bytes.

    The cache takes a sixteenth, which the system's own cache completes. A sort or a hash of one query may take a
    256th: dbt runs four queries at once, each with a few. Tables that dbt makes anew go to disk once and not into the
    log as well, which is what wal_level=minimal is for: nobody replicates this server, its backup is a copy at rest.
    """
    settings = {
        "shared_buffers": f"{_within(memory_bytes // 16, 128, 2048)}MB",
        "effective_cache_size": f"{_within(memory_bytes // 2, 256, 65536)}MB",
        "work_mem": f"{_within(memory_bytes // 256, 8, 128)}MB",
        "maintenance_work_mem": f"{_within(memory_bytes // 64, 64, 512)}MB",
        "temp_buffers": f"{_within(memory_bytes // 256, 8, 64)}MB",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        # Compiling takes longer than most of these queries; the planner cannot know that for tables made a moment ago.
        "jit": "off",
        # Flash, or all of it in the cache.
        "random_page_cost": "1.1",
    }
    return " ".join(f"-c {name}={value}" for name, value in settings.items())


def _within(size: int, least: int, most: int) -> int:
    return min(max(size // _MB, least), most)
