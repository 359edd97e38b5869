"""One's own account: who one is, and where one is signed in."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from portal_api import audit
from portal_api.door import SignedIn
from portal_api.identity import sessions
from portal_api.pages import onward, page
from portal_api.problems import not_found

router = APIRouter()


@router.get("/account", response_class=HTMLResponse)
def account(here: SignedIn) -> HTMLResponse:
    """Show the account and its sessions."""
    mine = sessions.of_person(here, here.me.kind, here.me.id)
    return page(here, "identity/account.html", sessions=mine)


@router.post("/account/sessions/{session_id}/end", response_model=None)
def end_session(here: SignedIn, session_id: UUID) -> Response:
    """End one of one's own sessions."""
    if not sessions.end(here, here.me.kind, here.me.id, session_id):
        raise not_found()
    audit.record(here, "session.ended", f"session/{session_id}")
    return onward("/account", "ended")
