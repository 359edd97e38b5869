"""/api/v1: threads and messages of whoever is signed in, as the pages have them."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from portal_api.idempotency import Key, once
from portal_api.messages import threads
from portal_api.problems import not_found
from portal_api.routes.api.shapes import Shape
from portal_api.routes.pages.messages import Correspondent, thread_of_mine

router = APIRouter(prefix="/api/v1", tags=["messages"])


class Person(BaseModel):
    """Somebody whom one may write to."""

    id: UUID
    name: str


class ThreadShown(BaseModel):
    """A thread with somebody; where they read here no more nothing can be written into it."""

    id: UUID
    other: str
    last_at: datetime | None
    unread: int
    is_read_by_other: bool


class Threads(BaseModel):
    """One's threads, the newest message first, and whom one may write to."""

    items: list[ThreadShown]
    correspondents: list[Person]


class ThreadAsked(Shape):
    """With whom."""

    to: UUID


class ThreadOpened(BaseModel):
    """The thread."""

    id: UUID


class MessageShown(BaseModel):
    """A message."""

    id: UUID
    is_mine: bool
    text: str
    sent_at: datetime
    read_at: datetime | None


class Messages(BaseModel):
    """The newest 200 messages of a thread, oldest first."""

    items: list[MessageShown]


class MessageAsked(Shape):
    """What to write."""

    text: str = Field(min_length=1, max_length=threads.LONGEST, pattern=r"^[^\x00]*\S[^\x00]*$")


class MessageSent(BaseModel):
    """What was written; its text is not repeated."""

    id: UUID


@router.get("/threads", response_model=Threads)
def mine(here: Correspondent) -> Threads:
    """Return one's threads, and whom one may write to."""
    return Threads(
        items=[ThreadShown.model_validate(vars(each)) for each in threads.mine(here)],
        correspondents=[Person(id=each.id, name=each.name) for each in threads.correspondents(here)],
    )


@router.post("/threads", status_code=HTTPStatus.CREATED, response_model=ThreadOpened)
def open_thread(here: Correspondent, asked: ThreadAsked, key: Key = None) -> JSONResponse:
    """Open the thread with somebody one may write to; there is one for each of them."""

    def opened() -> ThreadOpened:
        if (thread_id := threads.opened(here, asked.to)) is None:
            raise not_found()
        return ThreadOpened(id=thread_id)

    return once(here, key, ["threads", asked.model_dump(mode="json")], opened)


@router.get("/threads/{thread_id}/messages", response_model=Messages)
def read(here: Correspondent, thread_id: UUID) -> Messages:
    """Return the messages of a thread; what the other one wrote is read by that."""
    found = threads.read(here, thread_of_mine(here, thread_id))
    return Messages(items=[MessageShown.model_validate(vars(each)) for each in found])


@router.post("/threads/{thread_id}/messages", status_code=HTTPStatus.CREATED, response_model=MessageSent)
def write(here: Correspondent, thread_id: UUID, asked: MessageAsked, key: Key = None) -> JSONResponse:
    """Write into a thread; 409 where the other one reads here no more."""
    found = thread_of_mine(here, thread_id)
    request = ["write", str(thread_id), asked.text]
    return once(here, key, request, lambda: MessageSent(id=threads.write(here, found, asked.text)))
