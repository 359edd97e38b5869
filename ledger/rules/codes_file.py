"""Reads the code lists in codes/, which dbt loads as seeds: one home for Python and SQL."""

from __future__ import annotations

import csv
from importlib.resources import files


def rows_of(name: str) -> list[dict[str, str]]:
    """Return the rows of `codes/<name>.csv`, each as column to text."""
    text = files("ledger.rules").joinpath("codes", f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
