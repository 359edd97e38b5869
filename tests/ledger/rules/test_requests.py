"""What can be asked of Stripe: every field of its kind, the same request again from what was written."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import NAMESPACE_URL, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.rules import opaque
from ledger.rules.requests import (
    BY_OPERATION,
    CreditBalance,
    CreditInvoice,
    Excess,
    NotSendable,
    PauseInvoice,
    PayInvoice,
    Request,
    ResumeInvoice,
    read,
)
from tests.support.stripe_requests import EACH, REQUESTS, SUBSCRIPTION, VISIT


@given(REQUESTS)
def test_what_is_written_is_read_as_it_was(request: Request) -> None:
    written = json.loads(json.dumps(request.document()))
    assert read(request.operation, written) == request


@pytest.mark.parametrize("request_", EACH, ids=lambda each: each.operation)
@pytest.mark.parametrize(
    "value", ["Maria Garcia", "maria@example.com", "+1 555 0100", date(1980, 2, 3), 5_550_100_000, -1, 0, 1.5, b"x", {}]
)
def test_no_field_takes_what_is_not_of_its_kind(request_: Request, value: object) -> None:
    for field in dataclasses.fields(request_):
        with pytest.raises(NotSendable) as refused:
            dataclasses.replace(request_, **{field.name: value})
        assert field.name in str(refused.value)
        assert str(value) not in str(refused.value).replace(request_.operation, "") or value in {-1, 0}


@pytest.mark.parametrize(
    ("operation", "document"),
    [
        ("charge_visit", {}),
        ("charge_visit", {"visit_token": str(VISIT), "customer": "cus_12345678", "amount_cents": "100"}),
        ("charge_visit", {"visit_token": str(VISIT), "customer": "cus_12345678", "amount_cents": 100, "note": "x"}),
        ("charge_visit", {"visit_token": "x", "customer": "cus_12345678", "amount_cents": 100}),
        ("pay_somebody", {}),
    ],
)
def test_a_document_that_was_tampered_with_is_no_request(operation: str, document: dict[str, object]) -> None:
    with pytest.raises(NotSendable, match="nothing was"):
        read(operation, document)


def test_business_keys_go_by_what_the_effect_is_of() -> None:
    keys = {each.operation: each.business_key for each in EACH}
    visit, memo = VISIT, next(each.memo_id for each in EACH if isinstance(each, CreditBalance))
    of_invoices = {name: keys.pop(name) for name in ("pay_invoice", "pause_invoice", "resume_invoice")}
    assert [key.partition(":")[0] for key in of_invoices.values()] == ["pay", "pause", "resume"]
    assert set(keys) | set(of_invoices) == set(BY_OPERATION)
    assert keys == {
        "charge_visit": f"charge:{visit}",
        "meter_visit": f"meter:{visit}",
        "cancel_usage": f"cancel:{visit}",
        "credit_invoice": f"memo:{memo}",
        "credit_balance": f"memo:{memo}",
        "debit_invoice": f"memo:{memo}",
        "subscribe": f"subscribe:{SUBSCRIPTION}",
        "end_subscription": f"end-period:{SUBSCRIPTION}",
        "hold_invoice": f"hold:{uuid5(NAMESPACE_URL, 'in_1Qabc2DEF3ghi4')}",
        "release_invoice": f"release:{uuid5(NAMESPACE_URL, 'in_1Qabc2DEF3ghi4')}",
    }


def test_a_card_is_tried_once_on_an_invoice_and_a_hold_begins_and_ends_once() -> None:
    pay = next(each for each in EACH if isinstance(each, PayInvoice))
    assert replace(pay).business_key == pay.business_key
    assert replace(pay, payment_method="pm_1Qabc2DEF3ghi5").business_key != pay.business_key
    assert replace(pay, invoice="in_1Qabc2DEF3ghi5").business_key != pay.business_key
    pause, resume = (next(each for each in EACH if type(each) is kind) for kind in (PauseInvoice, ResumeInvoice))
    assert pause.business_key.partition(":")[2] == resume.business_key.partition(":")[2]


def test_a_credit_keeps_its_day_and_goes_to_the_balance_where_nothing_is_said() -> None:
    at = datetime(2026, 10, 31, 23, 59, tzinfo=UTC)
    credit = CreditInvoice(VISIT, VISIT, "in_12345678", 5, at)
    assert credit.document()["effective_at"] == "2026-10-31T23:59:00+00:00"
    assert credit.excess is Excess.BALANCE


@given(st.text())
def test_free_text_is_of_no_kind(text: str) -> None:
    kinds = [kind for kind in vars(opaque).values() if isinstance(kind, opaque.Kind)]
    assert len(kinds) > 12
    if any(sign in text for sign in " @/'") or not text.isascii() or not text:
        assert [kind.name for kind in kinds if kind.admits(text)] == []
