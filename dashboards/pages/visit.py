"""One visit: its books, its memos, its leaks."""

from uuid import UUID

from starlette.exceptions import HTTPException

from dashboards.reading import Connection, rows
from dashboards.templating import page


def html(connection: Connection, token: UUID) -> str:
    """Render the visit; raises HTTPException 404 for a token that the visit ledger does not have."""
    asked = {"token": token}
    found = rows(connection, "visit", asked)
    if not found:
        raise HTTPException(404, "The visit ledger has no such token.")
    return page(
        "visit.html",
        visit=found[0],
        memos=rows(connection, "memos_of_visit", asked),
        leaks=rows(connection, "leaks_of_visit", asked),
    )
