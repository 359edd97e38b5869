"""Messages: one's threads, a thread to read and write in, and a new one with somebody one knows by a visit."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from portal_api.access import Role
from portal_api.door import needs
from portal_api.here import Here
from portal_api.messages import threads
from portal_api.pages import onward, page
from portal_api.problems import Problem, not_found

router = APIRouter()
Correspondent = Annotated[Here, needs(Role.PATIENT, Role.PROVIDER)]


@router.get("/messages", response_class=HTMLResponse)
def messages(here: Correspondent) -> HTMLResponse:
    """List one's threads, and whom one may write to."""
    return page(here, "messages/list.html", threads=threads.mine(here), others=threads.correspondents(here))


@router.post("/messages", response_model=None)
def open_thread(here: Correspondent) -> Response:
    """Open the thread with somebody one may write to."""
    try:
        other = UUID(here.form["to"])
    except ValueError:
        raise not_found() from None
    if (thread_id := threads.opened(here, other)) is None:
        raise not_found()
    return onward(f"/messages/{thread_id}")


@router.get("/messages/{thread_id}", response_class=HTMLResponse)
def thread(here: Correspondent, thread_id: UUID) -> HTMLResponse:
    """Show a thread; what the other one wrote is read by that."""
    return _shown(here, thread_of_mine(here, thread_id))


@router.post("/messages/{thread_id}", response_model=None)
def write(here: Correspondent, thread_id: UUID) -> Response:
    """Write into a thread; a text that cannot be sent stays in its field."""
    found, text = thread_of_mine(here, thread_id), here.form.get("text")
    try:
        threads.write(here, found, text, here.form.get("form")[:40])
    except Problem as problem:
        if problem.name not in {"message-length", "not-read"}:
            raise
        return _shown(here, found, text, problem)
    return onward(f"/messages/{thread_id}", "message_sent")


def thread_of_mine(here: Here, thread_id: UUID) -> threads.Thread:
    """Return a thread of whoever is here. Raises 404."""
    found = threads.of_mine(here, thread_id)
    if found is None:
        raise not_found()
    return found


def _shown(here: Here, thread: threads.Thread, text: str = "", problem: Problem | None = None) -> HTMLResponse:
    return page(
        here,
        "messages/thread.html",
        status=problem.status if problem else HTTPStatus.OK,
        thread=thread,
        messages=threads.read(here, thread),
        days=here.practice.policies.message_retention_days,
        longest=threads.LONGEST,
        text=text,
        form=here.form.get("form") if problem else str(uuid4()),
        problem=problem.detail if problem else None,
    )
