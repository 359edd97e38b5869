"""Staff spare a patient for hardship: a hold on a visit, with a reason, and its end."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from portal_api.access import Role
from portal_api.care import agenda
from portal_api.collecting import sparing
from portal_api.door import needs
from portal_api.here import Here
from portal_api.pages import onward
from portal_api.problems import not_found

router = APIRouter(prefix="/staff/closing/{visit_token}/hold")
ROLES = (Role.FRONT_DESK, Role.BILLING, Role.PRACTICE_ADMIN)
AsSparing = Annotated[Here, needs(*ROLES)]


@router.post("", response_model=None)
def hold(here: AsSparing, visit_token: UUID) -> Response:
    """Hold a visit."""
    seen(here, visit_token)
    sparing.hold(here, visit_token, here.form.get("why"))
    return onward(f"/staff/closing/{visit_token}", "held")


@router.post("/end", response_model=None)
def end(here: AsSparing, visit_token: UUID) -> Response:
    """End the hold on a visit."""
    seen(here, visit_token)
    sparing.end(here, visit_token, here.form.get("why"))
    return onward(f"/staff/closing/{visit_token}", "hold_ended")


def seen(here: Here, visit_token: UUID) -> None:
    """Raise 404 for a visit that is not there, or is not theirs."""
    if agenda.one(here, visit_token) is None:
        raise not_found()
