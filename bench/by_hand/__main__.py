"""python -m bench.by_hand HOME: makes the schema by_hand in the database of a home whose files are loaded."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path

from bench import by_hand
from bench.books.catalog import AS_OF
from ledger.store import database as store

parser = argparse.ArgumentParser(description="Makes the tables of a reconcile in a schema of their own, by SQL alone.")
parser.add_argument("home", type=Path)
given = parser.parse_args()
with store.opened(None, given.home) as database, contextlib.closing(store.connect(database)) as connection:
    by_hand.make(connection, AS_OF)
