"""Invoices: money fixed when finalised, tried and tried again, and what ends them."""

from collections.abc import Callable

import pytest
import stripe
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.stripe.serving import Sandbox
from tests.support.stripe_sandbox import client_of

Refused = Callable[..., stripe.StripeError]
DAY = 24 * 3600
START = 1_800_000_000


def patient(client: stripe.StripeClient, card: str = "pm_card_visa") -> str:
    """Return a customer with a default card."""
    customer = client.v1.customers.create({})
    saved = client.v1.payment_methods.attach(card, {"customer": customer.id})
    client.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": saved.id}})
    return customer.id


def draft(client: stripe.StripeClient, customer: str, *cents: int, auto_advance: bool = False) -> str:
    """Return a draft of the customer with a line of each amount."""
    made = client.v1.invoices.create({"customer": customer, "auto_advance": auto_advance})
    assert made.id is not None
    for amount in cents:
        line: stripe.params.InvoiceItemCreateParams = {"customer": customer, "invoice": made.id, "amount": amount}
        client.v1.invoice_items.create(line | {"currency": "usd", "description": "Practice visit"})
    return made.id


def test_an_invoice_is_finalised_paid_and_tied_to_its_payment(either: stripe.StripeClient) -> None:
    invoice = draft(either, patient(either), 2_000, 500)
    final = either.v1.invoices.finalize_invoice(invoice)
    assert (final.status, final.total, final.amount_due, final.amount_remaining) == ("open", 2_500, 2_500, 2_500)
    paid = either.v1.invoices.pay(invoice)
    assert (paid.status, paid.amount_paid, paid.amount_remaining) == ("paid", 2_500, 0)
    (payment,) = either.v1.invoice_payments.list({"invoice": invoice}).data
    assert (payment.status, payment.amount_paid, payment.is_default) == ("paid", 2_500, True)
    intent = payment.payment.payment_intent
    assert isinstance(intent, str)
    by_intent = either.v1.invoice_payments.list({"payment": {"type": "payment_intent", "payment_intent": intent}})
    assert [found.id for found in by_intent.data] == [payment.id]


def test_a_finalised_invoice_takes_no_line_and_no_other_words(either: stripe.StripeClient, refused: Refused) -> None:
    customer = patient(either)
    invoice = draft(either, customer, 2_000)
    either.v1.invoices.finalize_invoice(invoice)
    late: stripe.params.InvoiceItemCreateParams = {
        "customer": customer,
        "invoice": invoice,
        "amount": 100,
        "currency": "usd",
    }
    assert refused(lambda: either.v1.invoice_items.create(late)).http_status == 400
    assert refused(lambda: either.v1.invoices.delete(invoice)).http_status == 400
    assert refused(lambda: either.v1.invoices.update(invoice, {"days_until_due": 3})).http_status == 400
    assert either.v1.invoices.update(invoice, {"metadata": {"memo_id": "m"}}).to_dict()["metadata"] == {"memo_id": "m"}


def test_an_item_that_is_refused_is_not_left_for_the_next_invoice(
    either: stripe.StripeClient, refused: Refused
) -> None:
    customer = patient(either)
    invoice = draft(either, customer, 2_000)
    either.v1.invoices.finalize_invoice(invoice)
    late: stripe.params.InvoiceItemCreateParams = {"customer": customer, "invoice": invoice, "amount": 100}
    refused(lambda: either.v1.invoice_items.create(late | {"currency": "usd"}))
    assert either.v1.invoice_items.list({"customer": customer, "pending": True}).data == []


def test_pending_items_come_in_only_when_asked_for(either: stripe.StripeClient) -> None:
    customer = patient(either)
    either.v1.invoice_items.create({"customer": customer, "amount": 700, "currency": "usd"})
    assert either.v1.invoices.create({"customer": customer}).total == 0
    asked: stripe.params.InvoiceCreateParams = {"customer": customer, "pending_invoice_items_behavior": "include"}
    assert either.v1.invoices.create(asked).total == 700


def test_credit_of_the_customer_is_taken_up_when_the_invoice_is_finalised(either: stripe.StripeClient) -> None:
    customer = patient(either)
    either.v1.customers.balance_transactions.create(customer, {"amount": -300, "currency": "usd"})
    final = either.v1.invoices.finalize_invoice(draft(either, customer, 2_000))
    assert (final.amount_due, final.starting_balance, final.ending_balance) == (1_700, -300, 0)
    newest = either.v1.customers.balance_transactions.list(customer).data[0]
    assert (newest.type, newest.amount, newest.ending_balance) == ("applied_to_invoice", 300, 0)


def test_an_amount_too_small_to_charge_looks_paid_and_is_owed_on(either: stripe.StripeClient) -> None:
    customer = patient(either)
    final = either.v1.invoices.finalize_invoice(draft(either, customer, 49))
    assert (final.status, final.amount_paid, final.ending_balance) == ("paid", 0, 49)
    assert either.v1.customers.balance_transactions.list(customer).data[0].type == "invoice_too_small"


def test_a_void_invoice_is_owed_no_more_and_gives_the_balance_back(
    client: stripe.StripeClient, refused: Refused
) -> None:
    customer = patient(client)
    client.v1.customers.balance_transactions.create(customer, {"amount": -300, "currency": "usd"})
    invoice = draft(client, customer, 2_000)
    client.v1.invoices.finalize_invoice(invoice)
    assert client.v1.invoices.void_invoice(invoice).status == "void"
    found = client.v1.customers.retrieve(customer)
    assert isinstance(found, stripe.Customer)
    assert found.balance == -300
    assert refused(lambda: client.v1.invoices.pay(invoice)).http_status == 400
    (payment,) = client.v1.invoice_payments.list({"invoice": invoice}).data
    assert payment.status == "canceled"


def test_an_invoice_given_up_can_still_be_paid(either: stripe.StripeClient) -> None:
    invoice = draft(either, patient(either), 2_000)
    either.v1.invoices.finalize_invoice(invoice)
    assert either.v1.invoices.mark_uncollectible(invoice).status == "uncollectible"
    assert either.v1.invoices.pay(invoice).status == "paid"


def test_a_draft_that_may_advance_is_finalised_after_an_hour_and_charged(fresh: Sandbox) -> None:
    client = client_of(fresh)
    fresh.control.clock(now=START, stopped=True)
    invoice = draft(client, patient(client), 2_000, auto_advance=True)
    held = draft(client, patient(client), 2_000)
    fresh.control.clock(advance=3599)
    assert client.v1.invoices.retrieve(invoice).status == "draft"
    fresh.control.clock(advance=DAY)
    paid = client.v1.invoices.retrieve(invoice)
    assert paid.status == "paid"
    assert paid.status_transitions.paid_at == START + 3600
    assert client.v1.invoices.retrieve(held).status == "draft"


def test_a_finalised_invoice_that_may_advance_is_charged_an_hour_after_it_was_made(fresh: Sandbox) -> None:
    client = client_of(fresh)
    fresh.control.clock(now=START, stopped=True)
    invoice = draft(client, patient(client), 2_000)
    final = client.v1.invoices.finalize_invoice(invoice, {"auto_advance": True})
    assert (final.status, final.next_payment_attempt) == ("open", START + 3600)
    fresh.control.clock(advance=3600)
    assert client.v1.invoices.retrieve(invoice).status == "paid"


def test_an_invoice_is_not_charged_to_another_customers_card(client: stripe.StripeClient, refused: Refused) -> None:
    other = client.v1.payment_methods.list({"customer": patient(client)}).data[0].id
    ask: stripe.params.InvoiceCreateParams = {"customer": patient(client), "default_payment_method": other}
    assert refused(lambda: client.v1.invoices.create(ask)).code == "resource_missing"


def test_a_declined_invoice_is_tried_again_on_its_days_until_it_is_given_up(fresh: Sandbox, refused: Refused) -> None:
    client = client_of(fresh)
    fresh.control.clock(now=START, stopped=True)
    invoice = draft(client, patient(client, "pm_card_chargeCustomerFail"), 2_000, auto_advance=True)
    assert refused(lambda: client.v1.invoices.pay(invoice)).code == "card_declined"
    tries = []
    while next_at := client.v1.invoices.retrieve(invoice).next_payment_attempt:
        fresh.control.clock(now=next_at, stopped=True)
        tries.append((next_at - START) // DAY)
    assert tries == [1, 4, 9, 16]
    assert client.v1.invoices.retrieve(invoice).attempt_count == 5
    failed = client.v1.events.list({"type": "invoice.payment_failed"}).data
    assert len(failed) == 5


@pytest.mark.parametrize("decline", ["lost_card", "stolen_card", "authentication_required"])
def test_a_hard_decline_is_not_tried_again(fresh: Sandbox, refused: Refused, decline: str) -> None:
    client = client_of(fresh)
    customer = patient(client)
    (card,) = client.v1.payment_methods.list({"customer": customer}).data
    fresh.control.card(card.id, [decline])
    invoice = draft(client, customer, 2_000, auto_advance=True)
    error = refused(lambda: client.v1.invoices.pay(invoice))
    assert error.error is not None
    assert error.error.decline_code == decline
    assert client.v1.invoices.retrieve(invoice).next_payment_attempt is None


def test_a_patient_who_authenticates_pays_the_invoice(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    customer = patient(client, "pm_card_authenticationRequired")
    invoice = draft(client, customer, 2_000)
    asked = client.v1.invoices.pay(invoice, {"off_session": False, "expand": ["payments"]})
    assert asked.status == "open"
    assert asked.payments is not None
    intent = asked.payments.data[0].payment.payment_intent
    assert isinstance(intent, str)
    sandbox.control.authenticate(intent)
    assert client.v1.invoices.retrieve(invoice).status == "paid"


def test_a_second_pay_of_a_paid_invoice_moves_nothing(either: stripe.StripeClient, refused: Refused) -> None:
    customer = patient(either)
    invoice = draft(either, customer, 2_000)
    either.v1.invoices.pay(invoice)
    assert refused(lambda: either.v1.invoices.pay(invoice)).code == "invoice_already_paid"
    assert len(either.v1.charges.list({"customer": customer}).data) == 1


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(-2_000, 3_000), min_size=1, max_size=4), st.integers(-3_000, 3_000))
def test_no_cent_of_an_invoice_is_lost(client: stripe.StripeClient, cents: list[int], balance: int) -> None:
    customer = patient(client)
    client.v1.customers.balance_transactions.create(customer, {"amount": balance, "currency": "usd"})
    invoice = client.v1.invoices.pay(draft(client, customer, *cents))
    found = client.v1.customers.retrieve(customer)
    assert isinstance(found, stripe.Customer)
    assert invoice.amount_paid + (found.balance or 0) == sum(cents) + balance
    booked = client.v1.customers.balance_transactions.list(customer).data
    assert sum(row.amount for row in booked) == found.balance
