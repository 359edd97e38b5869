"""/api/v1/bills: of each visit what it cost, what the insurer decided, what was charged, paid and went back."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from portal_api import audit, listing
from portal_api.care import bills
from portal_api.care.bills import Bill
from portal_api.door import AsPatient
from portal_api.here import Here
from portal_api.idempotency import Key, once
from portal_api.problems import not_found

router = APIRouter(prefix="/api/v1/bills", tags=["bills"])


class ChargeShown(BaseModel):
    """An invoice, in cents; `card` is which card it was for, in words, empty where unknown."""

    invoice_id: str
    status: str
    asked_cents: int
    paid_cents: int
    left_cents: int
    made_at: datetime
    card: str


class MemoShown(BaseModel):
    """A correction of what was charged: a credit or a debit in cents, and why."""

    kind: str
    amount_cents: int
    why: str
    issued_at: datetime


class ReturnShown(BaseModel):
    """Money that went back, in cents: to the card (`refund`), or kept for the next bill (`balance`)."""

    way: str
    amount_cents: int
    is_on_its_way: bool
    made_at: datetime


class DecisionShown(BaseModel):
    """What the insurer made of the visit, in cents; `share_cents` is null while it decided nothing."""

    paid_cents: int
    allowed_cents: int | None
    share_cents: int | None


class BillShown(BaseModel):
    """A visit and all that is known of its money, in cents."""

    visit_token: UUID
    what: str
    provider: str
    at: datetime
    state: str
    price_cents: int
    estimate_cents: int | None
    payer_id: str | None
    fee_cents: int | None = Field(description="What was agreed to for a visit missed or cancelled late, else null.")
    open_cents: int
    due_cents: int = Field(description="Billed and not asked for yet, since no card was known; paying asks for it.")
    is_on_its_way: bool
    paid_cents: int
    credited_cents: int
    returned_cents: int
    charges: list[ChargeShown]
    memos: list[MemoShown]
    returns: list[ReturnShown]
    decision: DecisionShown | None


class Bills(BaseModel):
    """Bills, the newest visit first, and the word for the next page."""

    items: list[BillShown]
    next: str | None = None


@router.get("", response_model=Bills)
def listed(here: AsPatient, after: str | None = None) -> Bills:
    """Return the patient's bills."""
    found = bills.of_patient(here, listing.place(after))
    audit.record(here, "bills.read", f"patient/{here.me.id}")
    return Bills(items=[_shown(each) for each in found.items], next=found.next)


@router.get("/{visit_token}", response_model=BillShown)
def one(here: AsPatient, visit_token: UUID) -> BillShown:
    """Return the bill of a visit."""
    found = _mine(here, visit_token)
    audit.record(here, "bill.read", f"visit/{visit_token}")
    return _shown(found)


@router.post("/{visit_token}/pay", status_code=HTTPStatus.ACCEPTED, response_model=BillShown)
def pay(here: AsPatient, visit_token: UUID, key: Key = None) -> JSONResponse:
    """Have what is open charged to the card on file, within minutes; 409 where nothing is, or with no card for it."""
    _mine(here, visit_token)

    def asked() -> BillShown:
        bills.pay(here, visit_token)
        return _shown(_mine(here, visit_token))

    return once(here, key, ["pay", str(visit_token)], asked, HTTPStatus.ACCEPTED)


def _mine(here: Here, visit_token: UUID) -> Bill:
    found = bills.of_visit(here, visit_token)
    if found is None:
        raise not_found()
    return found


def _shown(bill: Bill) -> BillShown:
    return BillShown.model_validate(bill, from_attributes=True)
