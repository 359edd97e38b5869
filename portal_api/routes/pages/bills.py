"""A patient's bills: of each visit what it cost, what the insurer paid, what was charged and what is open."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from portal_api import audit, listing
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
def mine(here: AsPatient, after: str = "") -> HTMLResponse:
    """Show the visits with their money, a page of them."""
    audit.record(here, "bills.read", f"patient/{here.me.id}")
    found = bills.of_patient(here, listing.place(after))
    return page(here, "care/bills.html", bills=found.items, next=found.next)


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
