"""Who took leaks up, and how that stands: read from the worklist, of now only."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException

from dashboards.cutting import NOT
from dashboards.here import Here
from dashboards.reading import Row, rows, told

STATES = {"waiting": {"open", "assigned"}, "resolved": {"resolved"}, "dismissed": {"dismissed"}}


def of_leaks(here: Here, leak_ids: Sequence[str]) -> dict[str, Row]:
    """Return the rows of leaks that somebody took up, by leak; none as of another time."""
    found = told(here, "leak_work", {"leaks": list(leak_ids)}) if leak_ids else None
    return {row["leak_id"]: row for row in found or ()}


def with_entries(here: Here, leak_ids: Sequence[str]) -> dict[str, Row]:
    """Return the rows of leaks as `of_leaks` does, each with what was said and done (`entries`)."""
    found = of_leaks(here, leak_ids)
    entries = rows(here, "work_entries", {"items": [row["item_id"] for row in found.values()]}) if found else []
    return {
        leak_id: row | {"entries": [entry for entry in entries if entry["item_id"] == row["item_id"]]}
        for leak_id, row in found.items()
    }


def ids(here: Here, work: str) -> list[str]:
    """Return the ids of leaks for a key of leak_choice.WORK in the words of dashboards.cutting, "" where there is none.

    Raises what `chosen` raises, and HTTPException 400 for another key.
    """
    if work not in {*STATES, "nobody"}:
        raise HTTPException(HTTPStatus.BAD_REQUEST, f"work is one of {', '.join((*STATES, 'nobody'))}.")
    asked = chosen(here, work)
    if work == "nobody":
        return [f"{NOT}{leak_id}" for leak_id in asked["but_leaks"]]
    return asked["only_leaks"] or [""]


def chosen(here: Here, work: str) -> dict[str, Any]:
    """Return which leaks to list or to leave out, for a key of leak_choice.WORK; None is no limit.

    Raises NotKnown as of another time, unless all are asked for.
    """
    if not work:
        return {"only_leaks": None, "but_leaks": None}
    taken = rows(here, "leak_work", {"leaks": None})
    if work == "nobody":
        return {"only_leaks": None, "but_leaks": [row["leak_id"] for row in taken]}
    return {"only_leaks": [row["leak_id"] for row in taken if row["state"] in STATES[work]], "but_leaks": None}
