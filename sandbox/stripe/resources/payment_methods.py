"""Cards on file."""

import hashlib

from sandbox.stripe.account import Account
from sandbox.stripe.cards import AUTHENTICATE, BY_NUMBER, BY_TOKEN, OK, Card, declined
from sandbox.stripe.errors import StripeError, invalid, missing
from sandbox.stripe.lists import matching, page
from sandbox.stripe.registry import Call, handles, merged
from sandbox.stripe.resources.holders import living
from sandbox.stripe.values import Obj


def made(account: Account, card: Card, billing: Obj | None = None, expires: tuple[int, int] | None = None) -> Obj:
    """Make a payment method of a test card; without a date it is good for three years."""
    part = account.objects.part
    year, month = expires or (1970 + account.now() // 31_556_952 + 3, 12)
    details = part(
        "payment_method_card",
        brand=card.brand,
        display_brand=card.brand,
        checks=part("payment_method_card_checks", cvc_check="pass"),
        country="US",
        exp_month=month,
        exp_year=year,
        fingerprint=hashlib.sha256(card.number.encode()).hexdigest()[:16],
        funding="credit",
        last4=card.number[-4:],
        networks=part("networks", available=[card.brand]),
        three_d_secure_usage=part("three_d_secure_usage", supported=True),
        regulated_status="unregulated",
    )
    address = part("address") if "address" in account.specification.schemas else None
    shown = part("billing_details", address=address) | {key: value or None for key, value in (billing or {}).items()}
    found = account.new(
        "payment_method", type="card", card=details, billing_details=shown, allow_redisplay="unspecified"
    )
    account.objects.notes[found["id"]]["card"] = card
    return found


def resolved(account: Account, given: str, param: str = "payment_method") -> Obj:
    """Return the payment method of an id; one of Stripe's test tokens makes a new one, as there."""
    if given in BY_TOKEN:
        return made(account, BY_TOKEN[given])
    return account.objects.get("payment_method", given, param)


def card_of(account: Account, method: Obj) -> Card:
    """Return the test card behind a payment method."""
    found: Card = account.objects.notes[method["id"]]["card"]
    return found


def attached(account: Account, method: Obj, customer: str) -> Obj:
    """Save the card with the customer; raise the card error of one that cannot be saved."""
    living(account, customer)
    if method["customer"] not in {None, customer}:
        raise invalid("The payment method you provided has already been attached to a customer.", "payment_method")
    outcome = card_of(account, method).saving
    if outcome not in {OK, AUTHENTICATE}:
        raise declined(outcome)
    if method["customer"] is None:
        if account.objects.notes[method["id"]].get("detached"):
            message = "This PaymentMethod was previously detached from a Customer and may not be used again."
            raise invalid(message, "payment_method")
        method["customer"] = customer
        account.emit("payment_method.attached", method)
    return method


def declined_authentication(kind: str, method: Obj) -> Obj:
    """Return the error of an intent whose cardholder failed the authentication."""
    message = (
        "We are unable to authenticate your payment method. Please choose a different payment method and try again."
    )
    code = f"{kind}_authentication_failure"
    return {"type": "invalid_request_error", "code": code, "message": message, "payment_method": dict(method)}


@handles(
    "PostPaymentMethods", "type card.number card.exp_month card.exp_year card.cvc card.token billing_details metadata"
)
def create(call: Call) -> Obj:
    """Make a payment method of a card number, as the card form does."""
    params = call.params
    if params.get("type") != "card" or "number" not in params.get("card", {}):
        raise invalid("The sandbox knows cards only: give type=card and card[number].", "type")
    given = params["card"]
    card = BY_NUMBER.get(str(given["number"]).replace(" ", ""))
    if card is None:
        raise StripeError(402, "card_error", "Your card number is incorrect.", code="incorrect_number", param="number")
    expires = (given.get("exp_year", 0) % 2000 + 2000, given.get("exp_month", 0))
    if not 1 <= expires[1] <= 12:  # noqa: PLR2004 - months
        message = "Your card's expiration month is invalid."
        raise StripeError(402, "card_error", message, code="invalid_expiry_month", param="exp_month")
    if (expires[0] - 1970) * 12 + expires[1] - 1 < call.account.now() * 12 // 31_556_952:
        message = "Your card's expiration year is invalid."
        raise StripeError(402, "card_error", message, code="invalid_expiry_year", param="exp_year")
    found = made(call.account, card, params.get("billing_details"), expires)
    found["metadata"] = merged({}, params.get("metadata", {}))
    return found


@handles("GetPaymentMethodsPaymentMethod")
def retrieve(call: Call) -> Obj:
    """Return a payment method."""
    return resolved(call.account, call.arguments[0], "id")


@handles("PostPaymentMethodsPaymentMethod", "metadata card.exp_month card.exp_year billing_details")
def update(call: Call) -> Obj:
    """Change a payment method."""
    found = call.account.objects.get("payment_method", call.arguments[0])
    if found["customer"] is None:
        raise invalid("You must save this PaymentMethod to a customer before you can update it.")
    found["card"].update(call.params.get("card", {}))
    found["billing_details"].update(call.params.get("billing_details", {}))
    found["metadata"] = merged(found["metadata"], call.params.get("metadata", {}))
    call.account.emit("payment_method.updated", found)
    return found


@handles("PostPaymentMethodsPaymentMethodAttach", "customer")
def attach(call: Call) -> Obj:
    """Save a card with a customer."""
    return attached(call.account, resolved(call.account, call.arguments[0], "id"), call.params["customer"])


@handles("PostPaymentMethodsPaymentMethodDetach")
def detach(call: Call) -> Obj:
    """Take a card from its customer, for good."""
    found = call.account.objects.get("payment_method", call.arguments[0])
    if found["customer"] is None:
        raise invalid("The payment method you provided is not attached to a customer so detachment is impossible.")
    holder = call.account.objects.get("customer", found["customer"])
    if holder["invoice_settings"]["default_payment_method"] == found["id"]:
        holder["invoice_settings"]["default_payment_method"] = None
    call.account.objects.notes[found["id"]]["detached"] = True
    before, found["customer"] = found["customer"], None
    call.account.emit("payment_method.detached", found, {"customer": before})
    return found


@handles("GetPaymentMethods", "customer type")
def listed(call: Call) -> Obj:
    """List the payment methods of a customer."""
    if "customer" not in call.params:
        return page(call, [])
    living(call.account, call.params["customer"])
    return page(call, matching(call, call.account.objects.all("payment_method"), "customer", "type"))


@handles("GetCustomersCustomerPaymentMethods", "type")
def of_customer(call: Call) -> Obj:
    """List the payment methods of a customer."""
    living(call.account, call.arguments[0], "id")
    rows = matching(call, call.account.objects.all("payment_method"), "type")
    return page(call, [row for row in rows if row["customer"] == call.arguments[0]])


@handles("GetCustomersCustomerPaymentMethodsPaymentMethod")
def one_of_customer(call: Call) -> Obj:
    """Return one payment method of a customer."""
    found = call.account.objects.get("payment_method", call.arguments[1])
    if found["customer"] != call.arguments[0]:
        raise missing("payment_method", call.arguments[1])
    return found
