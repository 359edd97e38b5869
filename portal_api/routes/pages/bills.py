"""A patient's bills: of each visit what it cost, what the insurer paid, what was charged and what is open."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from portal_api import audit
from portal_api.care import bills
from portal_api.door import AsPatient
from portal_api.intake import cards
from portal_api.pages import onward, page
from portal_api.problems import Problem, not_found

if TYPE_CHECKING:
    from portal_api.care.bills import Bill
    from portal_api.here import Here

router = APIRouter()


@router.get("/bills", response_class=HTMLResponse)
def mine(here: AsPatient) -> HTMLResponse:
    """Show every visit with its money."""
    audit.record(here, "bills.read", f"patient/{here.me.id}")
    return page(here, "care/bills.html", bills=bills.of_patient(here))


@router.get("/bills/{visit_token}", response_class=HTMLResponse)
def one(here: AsPatient, visit_token: UUID) -> HTMLResponse:
    """Show the bill of a visit, which is its receipt when printed."""
    found = bills.of_visit(here, visit_token)
    if found is None:
        raise not_found()
    audit.record(here, "bill.read", f"visit/{visit_token}")
    return _shown(here, found)


@router.post("/bills/{visit_token}/pay", response_model=None)
def pay(here: AsPatient, visit_token: UUID) -> Response:
    """Have the open balance of a visit charged to the card on file."""
    found = bills.of_visit(here, visit_token)
    if found is None:
        raise not_found()
    try:
        bills.pay(here, visit_token)
    except Problem as problem:
        return _shown(here, found, problem)
    return onward(f"/bills/{visit_token}", "paying")


def _shown(here: Here, found: Bill, problem: Problem | None = None) -> HTMLResponse:
    return page(
        here,
        "care/bill.html",
        status=problem.status if problem else HTTPStatus.OK,
        problem=problem.detail if problem else "",
        bill=found,
        card=cards.on_file(here),
    )
