"""python -m bench.books 100000 DIR: writes the inputs of books of so many visits and prints their totals (JSON)."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from bench.books import kept

parser = argparse.ArgumentParser(description="Writes the inputs of big books and prints their totals (JSON).")
parser.add_argument("visits", type=int)
parser.add_argument("folder", type=Path)
given = parser.parse_args()
sys.stdout.write(json.dumps(kept(given.folder, given.visits).totals) + "\n")
