"""A month's checklist as it was last judged, with the feeds and contracts of that moment, kept to be looked at."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from expectations.catalog import CONTRACTS
from orchestration import checks, ops
from orchestration.checklist import Checked

if TYPE_CHECKING:
    import psycopg

    from expectations.contract import Contract
    from ledger.settings import Settings
    from orchestration.ops import Run


def keep(
    connection: "psycopg.Connection", settings: "Settings", period: str, looked_by: str, found: Sequence[Checked]
) -> None:
    """Keep a checklist in the place of the month's last one. The caller commits."""
    run = ops.last_success(connection)
    feeds = connection.execute(checks.FEEDS.encode(), {"timezone": settings.timezone})
    document = {
        "as_of": run.as_of if run else None,
        "checks": [_check(checked) for checked in found],
        "feeds": [{"feed": kind, "loaded_on": loaded_on, "through": through} for kind, loaded_on, through in feeds],
        "contracts": _contracts(run),
    }
    connection.execute(
        "insert into ledger.look (period, looked_at, looked_by, found) values (%(period)s, now(), %(by)s, %(found)s)"
        " on conflict (period) do update"
        " set looked_at = excluded.looked_at, looked_by = excluded.looked_by, found = excluded.found",
        {"period": period, "by": looked_by, "found": json.dumps(document, default=str)},
    )


def _check(checked: Checked) -> dict[str, Any]:
    return {
        "check": checked.check.name,
        "asks": checked.check.asks,
        "force": checked.check.force,
        "do": checked.check.do,
        "state": checked.state,
        "points": [
            {
                "key": point.key,
                "found": point.found,
                "state": point.state,
                "why": point.note.why if point.note else None,
                "made_by": point.note.made_by if point.note else None,
                "made_at": point.note.made_at if point.note else None,
            }
            for point in checked.points
        ],
    }


def _contracts(run: "Run | None") -> list[dict[str, str]]:
    """Say of each contract what the last run that succeeded heard of it: it kept those that block, or had not ended."""
    if run is None:
        return []
    return [
        {
            "contract": contract.name,
            "feed": contract.feed,
            "severity": contract.severity.value,
            "state": "warns" if any(_is_of(contract, warning) for warning in run.warnings) else "kept",
            "sentence": contract.sentence,
        }
        for contract in CONTRACTS
    ]


def _is_of(contract: "Contract", warning: str) -> bool:
    """Tell whether a run's warning is a contract's: between its table and its sentence stands how many rows."""
    return warning.startswith(f"raw.{contract.table}: ") and warning.endswith(contract.sentence)
