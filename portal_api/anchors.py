"""How far each practice's audit reached when it was last verified, noted outside of the database."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from portal_api.audit_chain import Verdict


def read(path: Path, practice_id: str) -> dict[int, str]:
    """Return what was noted of a practice: the MAC, in hex, of the row that was the last one, by its number."""
    if not path.exists():
        return {}
    notes = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {note["ordinal"]: note["hmac"] for note in notes if note["practice_id"] == practice_id}


def note(path: Path, practice_id: str, verdict: Verdict, at: datetime) -> None:
    """Note how far the audit reaches now, after all that was noted before."""
    if not verdict.rows:
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    line = {"practice_id": practice_id, "ordinal": verdict.rows, "hmac": verdict.last_hmac, "at": at.isoformat()}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
