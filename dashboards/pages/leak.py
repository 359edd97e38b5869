"""One leak: why we think so, what to do, and what was done about it."""

from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException

from dashboards import leak_work
from dashboards.here import Here
from dashboards.leak_words import because
from dashboards.reading import Row, rows
from dashboards.templating import page

ROLES = ("billing", "finance", "practice_admin")


def html(here: Here, leak_id: str) -> str:
    """Render the leak; raises HTTPException 404 for one that there is not, or not any more."""
    found = cards(here, rows(here, "leak", {"leak_id": leak_id}))
    if not found:
        raise HTTPException(
            HTTPStatus.NOT_FOUND,
            "There is no such leak. If there was one, it leaks no more; its visit tells why.",
        )
    return page(here, "leak.html", leak=found[0], **acts(here, found[0]["practice_id"]))


def cards(here: Here, leaks: list[Row]) -> list[Row]:
    """Return leaks with why we think so and what was done about each (`work`, None where nobody took it up)."""
    work = leak_work.with_entries(here, [row["leak_id"] for row in leaks])
    return [
        row | {"because": because(row["category"], row["evidence"]), "work": work.get(row["leak_id"])} for row in leaks
    ]


def acts(here: Here, practice_id: str | None) -> dict[str, Any]:
    """Return whether the reader may do anything about a practice's leaks (None: of none), and whom they may give them.

    That is here and now.
    """
    desk, reader = here.desk.leaks, here.reader
    if desk is None or here.as_of or not reader.may_act or not reader.may_read(*ROLES):
        return {"may_act": False, "people": []}
    return {"may_act": True, "people": desk.people(reader, is_nobodys=practice_id is None)}


def visit_of(here: Here, leak_id: str) -> str | None:
    """Return the token of a leak's visit; None where it has none."""
    found = rows(here, "leak", {"leak_id": leak_id})
    return str(found[0]["visit_token"]) if found and found[0]["visit_token"] else None
