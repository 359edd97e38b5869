"""Writes the sample month: python -m sandbox.world DIRECTORY [--seed N] [--month YYYY-MM] [--trouble]."""

import argparse
import sys
from pathlib import Path

from sandbox.world import write


def main() -> None:
    """Write the files and say what is in them."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.world", description="Write a sample month.")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--seed", type=int, default=835)
    parser.add_argument("--month", default="2026-09", help="YYYY-MM")
    parser.add_argument("--trouble", action="store_true", help="add pieces that must be set aside")
    asked = parser.parse_args()
    world = write(asked.directory, asked.seed, asked.month, asked.trouble)
    for kind, paths in world.files.items():
        sys.stdout.write(f"{kind}: {', '.join(path.name for path in paths)}\n")
    sys.stdout.write(f"reconcile with --as-of {world.as_of}\n")


if __name__ == "__main__":
    main()
