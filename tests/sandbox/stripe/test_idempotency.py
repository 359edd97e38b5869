"""Idempotency keys and what can happen to a call on its way."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

from sandbox.stripe.serving import Sandbox
from tests.support.stripe_sandbox import client_of

Refused = Callable[..., stripe.StripeError]
DAY = 24 * 3600


def header(found: stripe.StripeObject, name: str) -> str | None:
    """Return a header of the answer an object came in."""
    assert found.last_response is not None
    value: str | None = found.last_response.headers.get(name)
    return value


def test_the_same_key_gives_the_same_answer_and_says_so(either: stripe.StripeClient) -> None:
    key = f"test-{id(object())}-{stripe.Customer.__name__}"
    first = either.v1.customers.create({"metadata": {"a": "b"}}, {"idempotency_key": key})
    again = either.v1.customers.create({"metadata": {"a": "b"}}, {"idempotency_key": key})
    assert first.id == again.id
    assert header(again, "idempotent-replayed") == "true"
    assert header(again, "original-request") == header(first, "request-id")
    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        either.v1.customers.create({"metadata": {"a": "c"}}, {"idempotency_key": key})


def test_a_decline_is_remembered_too(client: stripe.StripeClient, refused: Refused) -> None:
    asked: stripe.params.PaymentIntentCreateParams = {
        "amount": 500,
        "currency": "usd",
        "payment_method": "pm_card_chargeCustomerFail",
        "confirm": True,
    }
    ids = {
        refused(lambda: client.v1.payment_intents.create(asked, {"idempotency_key": "declined"})).error.charge
        for _ in range(2)
    }
    assert len(ids) == 1


def test_a_refused_request_uses_no_key_up(client: stripe.StripeClient, refused: Refused) -> None:
    refused(lambda: client.v1.customers.create({"nme": "x"}, {"idempotency_key": "typo"}))  # type: ignore[typeddict-unknown-key] # a typo
    assert client.v1.customers.create({}, {"idempotency_key": "typo"}).id


def test_a_key_is_forgotten_after_a_day(fresh: Sandbox) -> None:
    client = client_of(fresh)
    fresh.control.clock(now=1_700_000_000, stopped=True)
    ids = []
    for seconds in (0, DAY - 1, 1):
        fresh.control.clock(advance=seconds)
        ids.append(client.v1.customers.create({}, {"idempotency_key": "k"}).id)
    assert ids[0] == ids[1] != ids[2]


def test_an_answer_that_is_lost_was_done_and_the_key_finds_it(fresh: Sandbox) -> None:
    client = client_of(fresh)
    fresh.control.fault("PostCustomers", "lost_after")
    with pytest.raises(stripe.APIConnectionError):
        client.v1.customers.create({}, {"idempotency_key": "k"})
    again = client.v1.customers.create({}, {"idempotency_key": "k"})
    assert [found.id for found in client.v1.customers.list().data] == [again.id]


def test_a_request_that_is_lost_was_not_done(fresh: Sandbox) -> None:
    client = client_of(fresh)
    fresh.control.fault("PostCustomers", "lost_before")
    with pytest.raises(stripe.APIConnectionError):
        client.v1.customers.create({})
    assert client.v1.customers.list().data == []


def test_an_error_of_the_server_is_remembered_under_its_key(fresh: Sandbox) -> None:
    client = client_of(fresh)
    fresh.control.fault("PostCustomers", "error")
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            client.v1.customers.create({}, {"idempotency_key": "k"})
    assert client.v1.customers.create({}, {"idempotency_key": "l"}).id


def test_two_calls_at_once_under_one_key_are_one(fresh: Sandbox) -> None:
    client = client_of(fresh)
    with ThreadPoolExecutor(8) as pool:
        made = pool.map(lambda _: client.v1.customers.create({}, {"idempotency_key": "k"}).id, range(16))
        assert len(set(made)) == 1
    assert len(client.v1.customers.list().data) == 1


def test_two_payments_of_one_invoice_at_once_take_the_money_once(fresh: Sandbox) -> None:
    client = client_of(fresh)
    customer = client.v1.customers.create({}).id
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer}).id
    invoice = str(client.v1.invoices.create({"customer": customer, "default_payment_method": card}).id)
    client.v1.invoice_items.create({"customer": customer, "invoice": invoice, "amount": 5_000, "currency": "usd"})
    client.v1.invoices.finalize_invoice(invoice)

    def pay(_: int) -> str:
        try:
            return str(client.v1.invoices.pay(invoice).status)
        except stripe.InvalidRequestError as error:
            return str(error.code)

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(pay, range(8))) == ["invoice_already_paid"] * 7 + ["paid"]
    assert len(client.v1.charges.list().data) == 1


def test_calls_that_come_too_fast_are_refused_until_a_second_is_over(fresh: Sandbox) -> None:
    client = client_of(fresh)
    fresh.control.limit(per_second=3)
    for _ in range(3):
        client.v1.customers.create({})
    with pytest.raises(stripe.RateLimitError):
        client.v1.customers.create({})
    time.sleep(1)
    assert len(client.v1.customers.list().data) == 3


def test_too_many_requests_are_refused_as_often_as_asked(fresh: Sandbox) -> None:
    client = client_of(fresh)
    fresh.control.fault("*", "rate_limit", times=2)
    for _ in range(2):
        with pytest.raises(stripe.RateLimitError):
            client.v1.customers.list()
    assert client.v1.customers.list().data == []
