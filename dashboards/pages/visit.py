"""One visit: its books, its leaks, and its whole story on one time line."""

from uuid import UUID

from starlette.exceptions import HTTPException

from dashboards.here import Here
from dashboards.pages import leak
from dashboards.reading import rows
from dashboards.story import moments
from dashboards.templating import page


def html(here: Here, token: UUID) -> str:
    """Render the visit; raises HTTPException 404 for a token that the visit ledger does not have."""
    asked = {"token": token}
    found = rows(here, "visit", asked)
    if not found:
        raise HTTPException(404, "The visit ledger has no such token.")
    return page(
        here,
        "visit.html",
        visit=found[0],
        story=moments(rows(here, "story", asked)),
        leaks=leak.cards(here, rows(here, "leaks_of_visit", asked)),
        **leak.acts(here, found[0]["practice_id"]),
    )
