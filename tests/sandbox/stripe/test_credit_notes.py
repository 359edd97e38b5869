"""Credit notes: first what is still owed, then what was paid, never above the invoice."""

from collections.abc import Callable
from typing import Any

import pytest
import stripe
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Refused = Callable[..., stripe.StripeError]


def invoiced(client: stripe.StripeClient, cents: int, *, paid: bool) -> tuple[str, str]:
    """Return a customer and a finalised invoice."""
    customer = client.v1.customers.create({})
    saved = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    client.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": saved.id}})
    made = client.v1.invoices.create({"customer": customer.id})
    assert made.id is not None
    client.v1.invoice_items.create(
        {"customer": customer.id, "invoice": made.id, "amount": cents, "currency": "usd"},
    )
    client.v1.invoices.finalize_invoice(made.id)
    if paid:
        client.v1.invoices.pay(made.id)
    return customer.id, made.id


def test_what_is_still_owed_is_lowered_first(either: stripe.StripeClient) -> None:
    _, invoice = invoiced(either, 5_000, paid=False)
    note = either.v1.credit_notes.create({"invoice": invoice, "amount": 1_200, "email_type": "none"})
    assert (note.type, note.pre_payment_amount, note.post_payment_amount) == ("pre_payment", 1_200, 0)
    lowered = either.v1.invoices.retrieve(invoice)
    assert (lowered.status, lowered.amount_remaining) == ("open", 3_800)
    assert lowered.pre_payment_credit_notes_amount == 1_200
    assert either.v1.invoices.pay(invoice).amount_paid == 3_800


def test_an_invoice_credited_whole_is_paid_without_money(either: stripe.StripeClient) -> None:
    customer, invoice = invoiced(either, 5_000, paid=False)
    either.v1.credit_notes.create({"invoice": invoice, "amount": 5_000})
    settled = either.v1.invoices.retrieve(invoice)
    assert (settled.status, settled.amount_paid, settled.amount_remaining) == ("paid", 0, 0)
    assert either.v1.charges.list({"customer": customer}).data == []


def test_of_a_paid_invoice_the_split_must_be_said_exactly(either: stripe.StripeClient, refused: Refused) -> None:
    customer, invoice = invoiced(either, 5_000, paid=True)
    previewed = either.v1.credit_notes.preview({"invoice": invoice, "amount": 1_200, "refund_amount": 1_200})
    assert (previewed.pre_payment_amount, previewed.post_payment_amount) == (0, 1_200)
    assert refused(lambda: either.v1.credit_notes.create({"invoice": invoice, "amount": 1_200})).http_status == 400
    short: stripe.params.CreditNoteCreateParams = {"invoice": invoice, "amount": 1_200, "refund_amount": 1_199}
    assert refused(lambda: either.v1.credit_notes.create(short)).http_status == 400
    note = either.v1.credit_notes.create(
        {"invoice": invoice, "amount": 1_200, "refund_amount": 700, "credit_amount": 500, "metadata": {"memo_id": "m"}},
    )
    assert (note.type, [row.amount_refunded for row in note.refunds]) == ("post_payment", [700])
    found = either.v1.customers.retrieve(customer)
    assert isinstance(found, stripe.Customer)
    assert found.balance == -500
    (refund,) = either.v1.refunds.list({"charge": str(either.v1.charges.list({"customer": customer}).data[0].id)}).data
    assert refund.amount == 700


def test_notes_and_refunds_together_never_exceed_the_invoice(either: stripe.StripeClient, refused: Refused) -> None:
    customer, invoice = invoiced(either, 5_000, paid=True)
    charge = either.v1.charges.list({"customer": customer}).data[0]
    either.v1.refunds.create({"charge": charge.id, "amount": 1_000})
    either.v1.credit_notes.create({"invoice": invoice, "amount": 3_000, "credit_amount": 3_000})
    over: stripe.params.CreditNoteCreateParams = {"invoice": invoice, "amount": 1_001, "credit_amount": 1_001}
    assert refused(lambda: either.v1.credit_notes.create(over)).http_status == 400
    either.v1.credit_notes.create({"invoice": invoice, "amount": 1_000, "credit_amount": 1_000})


def test_a_refund_that_was_made_already_can_be_named(either: stripe.StripeClient) -> None:
    customer, invoice = invoiced(either, 5_000, paid=True)
    charge = either.v1.charges.list({"customer": customer}).data[0]
    refund = either.v1.refunds.create({"charge": charge.id, "amount": 1_000})
    linked: Any = {"invoice": invoice, "amount": 1_000, "refunds": [{"refund": refund.id, "amount_refunded": 1_000}]}
    note = either.v1.credit_notes.create(linked)
    assert note.post_payment_amount == 1_000
    assert len(either.v1.refunds.list({"charge": charge.id}).data) == 1


@pytest.mark.parametrize("paid", [False, True])
def test_a_note_is_void_only_while_its_invoice_is_open(
    client: stripe.StripeClient, refused: Refused, *, paid: bool
) -> None:
    _, invoice = invoiced(client, 5_000, paid=False)
    note = client.v1.credit_notes.create({"invoice": invoice, "amount": 1_200})
    if paid:
        client.v1.invoices.pay(invoice)
        assert refused(lambda: client.v1.credit_notes.void_credit_note(note.id)).http_status == 400
    else:
        assert client.v1.credit_notes.void_credit_note(note.id).status == "void"
        assert client.v1.invoices.retrieve(invoice).amount_remaining == 5_000


def test_a_draft_takes_no_note(either: stripe.StripeClient, refused: Refused) -> None:
    customer = either.v1.customers.create({})
    made = either.v1.invoices.create({"customer": customer.id})
    assert refused(lambda: either.v1.credit_notes.create({"invoice": str(made.id), "amount": 1})).http_status == 400


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1_000, 9_000), st.lists(st.integers(1, 4_000), min_size=1, max_size=4), st.booleans())
def test_an_invoice_is_always_paid_credited_or_owed(
    client: stripe.StripeClient, cents: int, notes: list[int], paid: bool
) -> None:
    _, invoice = invoiced(client, cents, paid=paid)
    credited = 0
    for amount in notes:
        post = amount if paid else 0
        try:
            client.v1.credit_notes.create({"invoice": invoice, "amount": amount, "credit_amount": post})
            credited += amount
        except stripe.InvalidRequestError:
            assert credited + amount > cents
    found = client.v1.invoices.retrieve(invoice)
    pre, post = found.pre_payment_credit_notes_amount, found.post_payment_credit_notes_amount
    assert found.amount_paid + found.amount_remaining + pre == cents
    assert (pre, post) == ((0, credited) if paid else (credited, 0))
