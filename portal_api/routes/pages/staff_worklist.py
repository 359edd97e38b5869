"""The staff's worklist: what is open and stuck, who has it, what was done about it, and how it ended."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from ledger.store import worklist
from portal_api import audit
from portal_api.collecting import points
from portal_api.door import needs
from portal_api.here import Here
from portal_api.pages import onward, page
from portal_api.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal_api.collecting.points import Point

router = APIRouter(prefix="/staff/worklist")
AsClerk = Annotated[Here, needs(*points.ROLES)]
ItemId = Annotated[int, Path(ge=1, lt=1 << 63)]
MOST = 200


@router.get("", response_class=HTMLResponse)
def show(
    here: AsClerk,
    kind: Annotated[str, Query(max_length=80)] = "",
    who: Annotated[str, Query(max_length=200)] = "",
    done: Annotated[str, Query(max_length=8)] = "",
) -> HTMLResponse:
    """List what waits, or what is resolved."""
    found = points.listed(here, kind, who, is_done=bool(done))
    audit.record(here, "worklist.read", f"practice/{here.practice.practice_id}")
    return page(
        here,
        "collecting/worklist.html",
        found=found[:MOST],
        more=len(found) - MOST,
        kinds=points.titles(here),
        kind=kind,
        asked=who,
        done=bool(done),
        nobody=points.NOBODY,
        **_staff(here),
    )


@router.post("/take", response_model=None)
def take(here: AsClerk) -> Response:
    """Take up what nobody has yet."""
    point = points.take_up(here, here.form["kind"], here.form["cause"])
    return onward(f"/staff/worklist/{point.item_id}", "taken_up")


@router.get("/{item_id}", response_class=HTMLResponse)
def show_one(here: AsClerk, item_id: ItemId) -> HTMLResponse:
    """Show a row with all that was said and done about it."""
    return _shown(here, points.one(here, item_id))


@router.post("/{item_id}/assign", response_model=None)
def assign(here: AsClerk, item_id: ItemId) -> Response:
    """Give a row to a member of staff."""
    return _changed(here, item_id, lambda: points.assign(here, item_id, here.form.get("assignee")))


@router.post("/{item_id}/note", response_model=None)
def note(here: AsClerk, item_id: ItemId) -> Response:
    """Write on a row what was tried or found out."""
    return _changed(here, item_id, lambda: points.note(here, item_id, here.form.get("note")))


@router.post("/{item_id}/resolve", response_model=None)
def resolve(here: AsClerk, item_id: ItemId) -> Response:
    """Say how a row ended."""
    return _changed(here, item_id, lambda: points.resolve(here, item_id, here.form.get("outcome")))


def _changed(here: Here, item_id: int, work: Callable[[], Point]) -> Response:
    point = points.one(here, item_id)
    try:
        work()
    except Problem as problem:
        return _shown(here, point, problem)
    return onward(f"/staff/worklist/{item_id}", "saved")


def _shown(here: Here, point: Point, problem: Problem | None = None) -> HTMLResponse:
    audit.record(here, "worklist.read", f"worklist/{point.item_id}")
    return page(
        here,
        "collecting/point.html",
        status=problem.status if problem else HTTPStatus.OK,
        problem=problem.detail if problem else "",
        point=point,
        entries=worklist.entries(here.books, point.item_id or 0),
        given=here.form,
        longest=points.LONGEST,
        **_staff(here, point),
    )


def _staff(here: Here, point: Point | None = None) -> dict[str, Any]:
    """Return who can have the row, or any; and the names of all whose address stands on one."""
    names = {each.email: each.name for each in points.assignees(here)}
    return {"staff": points.assignees(here, point), "names": names, "me": points.me(here)}
