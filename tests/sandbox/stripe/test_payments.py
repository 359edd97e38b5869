"""Cards on file and money taken from them, as Stripe documents it."""

from collections.abc import Callable

import pytest
import stripe

from sandbox.stripe.serving import Sandbox

Refused = Callable[..., stripe.StripeError]


def on_file(client: stripe.StripeClient, card: str = "pm_card_visa") -> tuple[str, str]:
    """Return a new customer and its saved card."""
    customer = client.v1.customers.create({})
    intent = client.v1.setup_intents.create(
        {"customer": customer.id, "payment_method": card, "confirm": True, "payment_method_types": ["card"]},
    )
    assert (intent.status, intent.usage) == ("succeeded", "off_session")
    return customer.id, str(intent.payment_method)


def charge(client: stripe.StripeClient, customer: str, card: str, amount: int = 2_500) -> stripe.PaymentIntent:
    """Charge a saved card while the patient is away."""
    return client.v1.payment_intents.create(
        {
            "amount": amount,
            "currency": "usd",
            "customer": customer,
            "payment_method": card,
            "confirm": True,
            "off_session": True,
            "expand": ["latest_charge.balance_transaction"],
        },
    )


def test_a_saved_card_is_charged_while_the_patient_is_away(either: stripe.StripeClient) -> None:
    customer, card = on_file(either)
    paid = charge(either, customer, card)
    assert (paid.status, paid.amount_received) == ("succeeded", 2_500)
    taken = paid.latest_charge
    assert isinstance(taken, stripe.Charge)
    assert isinstance(taken.balance_transaction, stripe.BalanceTransaction)
    booked = taken.balance_transaction
    assert (booked.amount, booked.net, booked.status) == (2_500, 2_500 - booked.fee, "pending")
    assert [row.id for row in either.v1.charges.list({"payment_intent": paid.id}).data] == [taken.id]


def test_a_card_that_declines_on_saving_is_saved_with_nobody(either: stripe.StripeClient, refused: Refused) -> None:
    customer = either.v1.customers.create({})
    error = refused(lambda: either.v1.payment_methods.attach("pm_card_visa_chargeDeclined", {"customer": customer.id}))
    assert isinstance(error, stripe.CardError)
    assert (error.http_status, error.code) == (402, "card_declined")
    assert either.v1.payment_methods.list({"customer": customer.id}).data == []


def test_a_declined_charge_leaves_a_failed_charge_and_an_open_intent(
    either: stripe.StripeClient, refused: Refused
) -> None:
    customer, card = on_file(either, "pm_card_chargeCustomerFail")
    error = refused(lambda: charge(either, customer, card))
    assert isinstance(error, stripe.CardError)
    assert (error.http_status, error.code) == (402, "card_declined")
    assert error.error is not None
    intent = either.v1.payment_intents.retrieve(error.error.payment_intent.id, {"expand": ["latest_charge"]})
    assert (intent.status, intent.amount_received) == ("requires_payment_method", 0)
    assert isinstance(intent.latest_charge, stripe.Charge)
    assert (intent.latest_charge.status, intent.latest_charge.paid) == ("failed", False)
    assert intent.latest_charge.balance_transaction is None


def test_a_bank_that_asks_for_the_patient_declines_while_they_are_away(
    sandbox: Sandbox, client: stripe.StripeClient, refused: Refused
) -> None:
    customer = client.v1.customers.create({})
    intent = client.v1.setup_intents.create(
        {"customer": customer.id, "payment_method": "pm_card_authenticationRequired", "confirm": True},
    )
    assert intent.status == "requires_action"
    sandbox.control.authenticate(intent.id)
    saved = client.v1.setup_intents.retrieve(intent.id)
    assert saved.status == "succeeded"
    error = refused(lambda: charge(client, customer.id, str(saved.payment_method)))
    assert error.code == "authentication_required"
    assert error.error is not None
    back = client.v1.payment_intents.confirm(
        error.error.payment_intent.id, {"payment_method": str(saved.payment_method)}
    )
    assert back.status == "requires_action"
    sandbox.control.authenticate(back.id)
    assert client.v1.payment_intents.retrieve(back.id).status == "succeeded"


def test_a_failed_authentication_opens_the_intent_for_another_card(
    sandbox: Sandbox, client: stripe.StripeClient
) -> None:
    intent = client.v1.setup_intents.create({"payment_method": "pm_card_authenticationRequired", "confirm": True})
    sandbox.control.authenticate(intent.id, passed=False)
    opened = client.v1.setup_intents.retrieve(intent.id)
    assert opened.status == "requires_payment_method"
    assert opened.last_setup_error is not None
    assert opened.last_setup_error.code == "setup_intent_authentication_failure"


@pytest.mark.parametrize("decline", ["insufficient_funds", "lost_card", "expired_card", "do_not_honor"])
def test_a_card_declines_as_a_test_asks(
    sandbox: Sandbox, client: stripe.StripeClient, refused: Refused, decline: str
) -> None:
    customer, card = on_file(client)
    sandbox.control.card(card, [decline, "ok"])
    error = refused(lambda: charge(client, customer, card))
    assert error.error is not None
    assert error.error.decline_code == decline
    assert charge(client, customer, card).status == "succeeded"


@pytest.mark.parametrize(("amount", "code"), [(49, "amount_too_small"), (100_000_000, "amount_too_large")])
def test_an_amount_outside_stripes_limits_is_refused(
    either: stripe.StripeClient, refused: Refused, amount: int, code: str
) -> None:
    assert refused(lambda: either.v1.payment_intents.create({"amount": amount, "currency": "usd"})).code == code


def test_a_refund_never_exceeds_what_was_taken(either: stripe.StripeClient, refused: Refused) -> None:
    customer, card = on_file(either)
    paid = charge(either, customer, card)
    either.v1.refunds.create({"payment_intent": paid.id, "amount": 1_000, "metadata": {"memo_id": "m"}})
    assert refused(lambda: either.v1.refunds.create({"payment_intent": paid.id, "amount": 1_501})).http_status == 400
    rest = either.v1.refunds.create({"payment_intent": paid.id, "expand": ["charge"]})
    assert isinstance(rest.charge, stripe.Charge)
    assert (rest.amount, rest.charge.amount_refunded, rest.charge.refunded) == (1_500, 2_500, True)
    assert refused(lambda: either.v1.refunds.create({"payment_intent": paid.id})).code == "charge_already_refunded"


def test_a_held_amount_is_captured_in_part_and_only_once(either: stripe.StripeClient, refused: Refused) -> None:
    held = either.v1.payment_intents.create(
        {
            "amount": 2_000,
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "payment_method_types": ["card"],
            "confirm": True,
            "capture_method": "manual",
        },
    )
    assert (held.status, held.amount_capturable) == ("requires_capture", 2_000)
    taken = either.v1.payment_intents.capture(held.id, {"amount_to_capture": 1_200})
    assert (taken.status, taken.amount_received) == ("succeeded", 1_200)
    assert refused(lambda: either.v1.payment_intents.capture(held.id)).code == "payment_intent_unexpected_state"


def test_a_detached_card_is_gone_for_good(either: stripe.StripeClient, refused: Refused) -> None:
    customer, card = on_file(either)
    either.v1.payment_methods.detach(card)
    assert either.v1.payment_methods.list({"customer": customer}).data == []
    assert refused(lambda: either.v1.payment_methods.attach(card, {"customer": customer})).http_status == 400


def test_a_deleted_customer_says_so_and_cannot_be_charged(either: stripe.StripeClient, refused: Refused) -> None:
    customer, card = on_file(either)
    assert either.v1.customers.delete(customer).deleted is True
    assert getattr(either.v1.customers.retrieve(customer), "deleted", False) is True
    assert refused(lambda: charge(either, customer, card)).http_status == 400
