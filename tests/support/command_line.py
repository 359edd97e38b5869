"""Runs the real `trueup` command in a process of its own, as a user would."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-c", "from orchestration.cli import main; main()"]
# In a checkout that is not installed, the way in is the function the script calls.
if (SCRIPT := Path(sys.executable).with_name("trueup")).exists():
    COMMAND = [str(SCRIPT)]

SECONDS = 240
TRACEBACK = "Traceback (most recent call last)"
VISIT_COLUMNS = (
    "visit_token,claim_ref,practice_id,provider_id,state,service_code,modifiers,units,place_of_service,scheduled_start,"
    "scheduled_end,started_at,ended_at,payer_id,charge_cents,patient_estimate_cents,state_changed_at"
)


def environment(home: Path, database_url: str = "", **more: str) -> dict[str, str]:
    """Give the environment of a user whose workspace is `home`."""
    others = ("TRUEUP_", "PYTEST_", "DAGSTER_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(others)}
    return {**kept, "TRUEUP_HOME": str(home), "TRUEUP_DATABASE_URL": database_url, **more}


def trueup(*arguments: object, env: dict[str, str], **streams: Any) -> subprocess.CompletedProcess[str]:
    """Run the command to its end; it may say anything but a traceback."""
    words = [*COMMAND, *(str(argument) for argument in arguments)]
    streams = streams or {"capture_output": True}
    finished = subprocess.run(words, env=env, cwd=ROOT, text=True, timeout=SECONDS, check=False, **streams)
    assert TRACEBACK not in (finished.stderr or ""), finished.stderr
    return finished


def start(*arguments: object, env: dict[str, str]) -> subprocess.Popen[str]:
    """Start the command and leave it running."""
    words = [*COMMAND, *(str(argument) for argument in arguments)]
    return subprocess.Popen(words, env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def visits(first: int, count: int, **replaced: str) -> str:
    """Write a visit ledger of `count` self-pay visits, their tokens made of consecutive numbers from `first`."""
    row = {
        "visit_token": "",
        "claim_ref": "",
        "practice_id": "P1",
        "provider_id": "D1",
        "state": "completed",
        "service_code": "99213",
        "modifiers": "95",
        "units": "1",
        "place_of_service": "10",
        "scheduled_start": "2026-09-01T10:00:00+00:00",
        "scheduled_end": "2026-09-01T10:30:00+00:00",
        "started_at": "2026-09-01T10:00:00+00:00",
        "ended_at": "2026-09-01T10:30:00+00:00",
        "payer_id": "",
        "charge_cents": "15000",
        "patient_estimate_cents": "",
        "state_changed_at": "2026-09-01T10:31:00+00:00",
    }
    tokens = (str(UUID(int=number, version=4)) for number in range(first, first + count))
    rows = (",".join({**row, "visit_token": token, **replaced}.values()) for token in tokens)
    return "\n".join([VISIT_COLUMNS, *rows]) + "\n"
