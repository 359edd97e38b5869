"""/api/v1/agenda/…/hold: a program holds a visit for hardship and ends that, as staff do on its page."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from ledger.store import holds
from portal_api.collecting import points, sparing
from portal_api.idempotency import Key, once
from portal_api.routes.api.shapes import Shape
from portal_api.routes.pages.staff_holds import AsSparing, seen

if TYPE_CHECKING:
    from portal_api.here import Here

router = APIRouter(prefix="/api/v1/agenda/{visit_token}/hold", tags=["care"])


class Why(Shape):
    """Why; it names no patient and is kept for ever."""

    why: Annotated[str, Field(min_length=1, max_length=points.LONGEST)]


class HoldShown(BaseModel):
    """A hold that lasts: on the visit, or (`is_patient`) on all visits of its patient."""

    is_patient: bool
    reason: str
    made_by: str
    made_at: datetime


class Holds(BaseModel):
    """The holds that last on a visit."""

    items: list[HoldShown]


@router.get("", response_model=Holds)
def lasting(here: AsSparing, visit_token: UUID) -> Holds:
    """Return what holds a visit."""
    seen(here, visit_token)
    return _shown(here, visit_token)


@router.post("", status_code=HTTPStatus.OK, response_model=Holds)
def hold(here: AsSparing, visit_token: UUID, asked: Why, key: Key = None) -> JSONResponse:
    """Hold a visit; one that is held already stays as it is."""
    seen(here, visit_token)

    def held() -> Holds:
        sparing.hold(here, visit_token, asked.why)
        return _shown(here, visit_token)

    return once(here, key, ["hold", str(visit_token), asked.why], held, HTTPStatus.OK)


@router.post("/end", status_code=HTTPStatus.OK, response_model=Holds)
def end(here: AsSparing, visit_token: UUID, asked: Why, key: Key = None) -> JSONResponse:
    """End the hold on a visit; 409 where none lasts."""
    seen(here, visit_token)

    def ended() -> Holds:
        sparing.end(here, visit_token, asked.why)
        return _shown(here, visit_token)

    return once(here, key, ["hold-end", str(visit_token), asked.why], ended, HTTPStatus.OK)


def _shown(here: Here, visit_token: UUID) -> Holds:
    return Holds(
        items=[
            HoldShown(
                is_patient=each.visit_token is None, reason=each.reason, made_by=each.made_by, made_at=each.made_at
            )
            for each in holds.lasting(here.books, visit_token)
        ]
    )
