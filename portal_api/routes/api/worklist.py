"""/api/v1/worklist: a program lists what is open and stuck, takes it up, gives it away, notes and resolves."""

from __future__ import annotations

from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from ledger.store import worklist
from portal_api import audit
from portal_api.collecting import points
from portal_api.collecting.points import Point
from portal_api.idempotency import Key, once
from portal_api.routes.api.shapes import Shape
from portal_api.routes.pages.staff_worklist import AsClerk, ItemId

router = APIRouter(prefix="/api/v1/worklist", tags=["worklist"])
Words = Annotated[str, Field(min_length=1, max_length=points.LONGEST, description="Names no patient; kept for ever.")]


class PointShown(BaseModel):
    """A point; without an `item_id` nobody has taken it up yet.

    `amount_cents` is of a leak or a remittance, `payer_name`, `trace_number` and `paid_on` of a remittance that waits,
    `in_books` the page of the books about it, for who reads them.
    """

    item_id: int | None
    kind: str
    cause: str
    why: str
    title: str
    happened: str
    to_do: str
    since: datetime
    state: str
    assignee: str | None
    said: str | None
    visit_token: UUID | None
    object_id: str | None
    amount_cents: int | None
    payer_name: str | None
    trace_number: str | None
    paid_on: date | None
    in_books: str | None


class EntryShown(BaseModel):
    """What was done with a row, by whom."""

    deed: str
    said: str | None
    made_by: str
    made_at: datetime


class PointWithEntries(PointShown):
    """A row with all that was said and done about it."""

    entries: list[EntryShown]


class Points(BaseModel):
    """Points, and the `start` of the next page."""

    items: list[PointShown]
    next: int | None = None


class TakeAsked(Shape):
    """What to take up."""

    kind: str = Field(max_length=80)
    cause: str = Field(max_length=300)


class AssignAsked(Shape):
    """Whom to give it to."""

    assignee: str = Field(max_length=254, description="The e-mail address of a member of staff.")


class NoteAsked(Shape):
    """What was tried or found out."""

    note: Words


class ResolveAsked(Shape):
    """How it ended."""

    outcome: Words


@router.get("", response_model=Points)
def listed(  # noqa: PLR0913, PLR0917 - what is asked
    here: AsClerk,
    kind: Annotated[str, Query(max_length=80)] = "",
    assignee: Annotated[str, Query(max_length=254, description="An e-mail address, or `nobody`.")] = "",
    resolved: bool = False,
    start: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Points:
    """Return what waits, the oldest first, or what is resolved, the newest first."""
    found = points.listed(here, kind, assignee, is_done=resolved)
    audit.record(here, "worklist.read", f"practice/{here.practice.practice_id}")
    more = start + limit
    return Points(items=[_shown(each) for each in found[start:more]], next=more if more < len(found) else None)


@router.post("", status_code=HTTPStatus.CREATED, response_model=PointShown)
def take(here: AsClerk, asked: TakeAsked, key: Key = None) -> JSONResponse:
    """Take up what nobody has yet; one that was taken up already is returned as it stands."""
    return once(here, key, ["take", asked.model_dump()], lambda: _shown(points.take_up(here, asked.kind, asked.cause)))


@router.get("/{item_id}", response_model=PointWithEntries)
def one(here: AsClerk, item_id: ItemId) -> PointWithEntries:
    """Return a row with its history."""
    point = points.one(here, item_id)
    audit.record(here, "worklist.read", f"worklist/{item_id}")
    entries = [EntryShown(**vars(each)) for each in worklist.entries(here.books, item_id)]
    return PointWithEntries(**_shown(point).model_dump(), entries=entries)


@router.post("/{item_id}/assign", status_code=HTTPStatus.OK, response_model=PointShown)
def assign(here: AsClerk, item_id: ItemId, asked: AssignAsked, key: Key = None) -> JSONResponse:
    """Give a row to a member of staff; 409 when it is resolved."""
    points.one(here, item_id)
    request = ["assign", item_id, asked.assignee]
    return once(here, key, request, lambda: _shown(points.assign(here, item_id, asked.assignee)), HTTPStatus.OK)


@router.post("/{item_id}/notes", status_code=HTTPStatus.OK, response_model=PointShown)
def note(here: AsClerk, item_id: ItemId, asked: NoteAsked, key: Key = None) -> JSONResponse:
    """Write on a row what was tried or found out."""
    points.one(here, item_id)
    request = ["note", item_id, asked.note]
    return once(here, key, request, lambda: _shown(points.note(here, item_id, asked.note)), HTTPStatus.OK)


@router.post("/{item_id}/resolve", status_code=HTTPStatus.OK, response_model=PointShown)
def resolve(here: AsClerk, item_id: ItemId, asked: ResolveAsked, key: Key = None) -> JSONResponse:
    """Say how a row ended; 409 when it is resolved already."""
    points.one(here, item_id)
    request = ["resolve", item_id, asked.outcome]
    return once(here, key, request, lambda: _shown(points.resolve(here, item_id, asked.outcome)), HTTPStatus.OK)


def _shown(point: Point) -> PointShown:
    return PointShown.model_validate({**vars(point.payment), **vars(point), **_words(point)})


def _words(point: Point) -> dict[str, str]:
    return {"title": point.title, "happened": point.happened, "to_do": point.to_do}
