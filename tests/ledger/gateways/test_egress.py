"""The egress table: what it lists leaves, everything else is refused, and no log line holds a value."""

from __future__ import annotations

import logging

import pytest

from ledger.gateways import egress
from ledger.gateways.egress import NotAdmitted
from tests.support.stripe_requests import CUSTOMER, MEMO, VISIT

INVOICE = [
    ("customer", CUSTOMER),
    ("currency", "usd"),
    ("metadata[visit_token]", str(VISIT)),
    ("metadata[memo_id]", str(MEMO)),
    ("metadata[place_of_service]", "10"),
    ("auto_advance", "false"),
]


def test_what_the_table_lists_may_leave() -> None:
    assert egress.admit("post", "/v1/invoices", INVOICE) == "create_invoice"
    assert egress.admit("GET", "/v1/invoices/in_1Qabc2DEF3ghi4", []) == "read_invoice"
    window = [("created[gte]", "1780000000"), ("created[lt]", "1780086400"), ("limit", "100")]
    assert egress.admit("GET", "/v1/charges", [*window, ("starting_after", "ch_1Qabc2DEF3ghi4")]) == "list_charges"


@pytest.mark.parametrize(("name", "text"), [("email", "maria@example.com"), ("starting_after", "prod_maria_garcia")])
def test_a_list_is_asked_for_by_time_and_place_only(name: str, text: str) -> None:
    with pytest.raises(NotAdmitted):
        egress.admit("get", "/v1/customers", [(name, text)])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("customer_name", "Maria Garcia"),
        ("description", "Practice visit"),  # on the line only, never on the invoice
        ("metadata[encounter]", str(VISIT)),
        ("metadata[visit_token]", "Maria Garcia"),
        ("metadata[visit_token]", str(VISIT).upper()),
        ("metadata[place_of_service]", "99213"),
        ("customer", "cus_maria@example.com"),
        ("currency", "eur"),
        ("effective_at", "1980-02-03"),
        ("metadata[memo_id]", f"{MEMO}\n"),
    ],
)
def test_anything_else_is_refused_and_never_quoted(caplog: pytest.LogCaptureFixture, name: str, text: str) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(NotAdmitted) as refused:
        egress.admit("post", "/v1/invoices", [("customer", CUSTOMER), (name, text)])
    said = str(refused.value) + caplog.text
    assert "create_invoice" in said
    assert text not in said


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/v1/charges"),
        ("delete", "/v1/customers/cus_QXg1o8vcGmoR32"),
        ("post", "/v2/billing/meter_events"),
        ("get", "/v1/invoices/search"),
        ("get", "/v1/invoices/in_1Qabc2DEF3ghi4/../../customers"),
        ("post", "/v1/customers/Maria Garcia/balance_transactions"),
    ],
)
def test_a_call_that_is_not_listed_is_refused(method: str, path: str) -> None:
    with pytest.raises(NotAdmitted, match="a call the table does not list"):
        egress.admit(method, path, [])


def test_a_field_is_said_once() -> None:
    with pytest.raises(NotAdmitted):
        egress.admit("post", "/v1/invoices", [("customer", CUSTOMER), ("customer", CUSTOMER)])


def test_headers_hold_who_asks_and_nothing_of_the_machine() -> None:
    given = {
        "Authorization": "Bearer x",
        "Stripe-Version": "y",
        "X-Stripe-Client-User-Agent": '{"source": "host"}',
        "idempotency-key": f"{VISIT}:pay:3",
        "Stripe-Account": "acct",
    }
    assert egress.headers(given) == {
        "Authorization": "Bearer x",
        "Stripe-Version": "y",
        "Idempotency-Key": f"{VISIT}:pay:3",
        "User-Agent": "trueup",
    }
    with pytest.raises(NotAdmitted):
        egress.headers({"Idempotency-Key": "Maria Garcia"})


def test_fields_are_written_as_a_form_has_them() -> None:
    assert egress.on_the_wire({"a": True, "b": {"c": 1, "d": None}, "e": ["x", "y"], "f": None}) == [
        ("a", "true"),
        ("b[c]", "1"),
        ("e[0]", "x"),
        ("e[1]", "y"),
    ]
