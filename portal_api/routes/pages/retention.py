"""How long messages are kept: the weeks there are, holds on them, and the certificates of those destroyed."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from portal_api.door import AsAdmin
from portal_api.messages import retention
from portal_api.pages import onward, page
from portal_api.problems import not_found

router = APIRouter()


@router.get("/staff/retention", response_class=HTMLResponse)
def weeks(here: AsAdmin) -> HTMLResponse:
    """List the weeks of messages; never what is in them."""
    return page(
        here,
        "messages/retention.html",
        weeks=retention.weeks(here),
        days=here.practice.policies.message_retention_days,
    )


@router.post("/staff/retention/{week}/hold", response_model=None)
def hold(here: AsAdmin, week: date) -> Response:
    """Hold a week's messages beyond their time, with a reason."""
    if not retention.hold(here, week, here.form["reason"]):
        raise not_found()
    return onward("/staff/retention", "saved")


@router.post("/staff/retention/{week}/release", response_model=None)
def release(here: AsAdmin, week: date) -> Response:
    """End the hold on a week's messages."""
    if not retention.hold(here, week, None):
        raise not_found()
    return onward("/staff/retention", "saved")
