"""Small feed files for tests: a good row of each kind, and functions that write rows to a file."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

Row = dict[str, str]

VISIT: Row = {
    "visit_token": "00000000-0000-4000-8000-000000000001",
    "claim_ref": "CLAIM0001",
    "practice_id": "practice-1",
    "provider_id": "provider-1",
    "state": "completed",
    "service_code": "99213",
    "modifiers": "95|GT",
    "units": "1",
    "place_of_service": "10",
    "scheduled_start": "2026-09-01T14:00:00+00:00",
    "scheduled_end": "2026-09-01T14:30:00+00:00",
    "started_at": "2026-09-01T14:01:00+00:00",
    "ended_at": "2026-09-01T14:29:00+00:00",
    "payer_id": "PAYER1",
    "charge_cents": "15000",
    "patient_estimate_cents": "2500",
    "state_changed_at": "2026-09-01T14:30:00+00:00",
}


def visit(number: int = 1, **changes: str) -> Row:
    """Return a good visit; `number` gives it a token and a claim reference of its own."""
    own = {"visit_token": str(UUID(int=(4 << 76) + (8 << 60) + number)), "claim_ref": f"CLAIM{number:04d}"}
    return {**VISIT, **own, **changes}


def write_csv(path: Path, rows: Iterable[Mapping[str, str]]) -> Path:
    """Write rows of the same columns."""
    listed = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(listed[0]))
        writer.writeheader()
        writer.writerows(listed)
    return path


def write_json_lines(path: Path, objects: Iterable[Mapping[str, Any]]) -> Path:
    """Write one object a line."""
    path.write_text("".join(json.dumps(each) + "\n" for each in objects), encoding="utf-8")
    return path
