"""Payment intents: one demand for money, with as many tries as it takes."""

import secrets

from sandbox.stripe.account import Account
from sandbox.stripe.cards import AUTHENTICATE, OK, declined
from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.lists import matching, page
from sandbox.stripe.registry import Call, handles, merged
from sandbox.stripe.resources.charges import capture, charged, outcome_of
from sandbox.stripe.resources.holders import living
from sandbox.stripe.resources.payment_methods import attached, resolved
from sandbox.stripe.values import Obj

# Stripe's least and most for one charge in US dollars, in cents.
LEAST_CENTS, MOST_CENTS = 50, 99_999_999
_OPEN = {"requires_payment_method", "requires_confirmation", "requires_action", "requires_capture"}
_TAKES = """amount automatic_payment_methods capture_method currency customer description metadata payment_method
    payment_method_types setup_future_usage statement_descriptor statement_descriptor_suffix"""
_FIELDS = ("description", "setup_future_usage", "statement_descriptor", "statement_descriptor_suffix")
_CONFIRMS = "error_on_requires_action off_session return_url"


def demanded(account: Account, amount_cents: int, customer: str | None, **fields: object) -> Obj:
    """Make a payment intent and tell of it."""
    shown = {"capture_method": "automatic", "payment_method_types": ["card"], "metadata": {}} | fields
    made = account.new(
        "payment_intent",
        amount=amount_cents,
        amount_capturable=0,
        amount_received=0,
        confirmation_method="automatic",
        currency="usd",
        customer=customer,
        status="requires_payment_method",
        amount_details={"tip": {}},
        **shown,
    )
    made["client_secret"] = f"{made['id']}_secret_{secrets.token_hex(12)}"
    account.emit("payment_intent.created", made)
    return made


def tried(account: Account, intent: Obj, method: Obj, *, off_session: bool, authenticated: bool = False) -> Obj:
    """Charge the card for the intent; raise the card error of a decline, with the intent in it."""
    intent["payment_method"] = method["id"]
    outcome = outcome_of(account, method, authenticated=authenticated)
    if outcome == AUTHENTICATE and not off_session and not authenticated:
        intent.update(status="requires_action", next_action={"type": "use_stripe_sdk", "use_stripe_sdk": {}})
        account.emit("payment_intent.requires_action", intent)
        return intent
    charge = charged(account, intent, method, outcome)
    intent.update(latest_charge=charge["id"], next_action=None)
    if outcome != OK:
        raise _declined(account, intent, method, charge, outcome)
    if intent["setup_future_usage"] and intent["customer"]:
        attached(account, method, intent["customer"])
    intent["last_payment_error"] = None
    if intent["capture_method"] == "manual":
        intent.update(status="requires_capture", amount_capturable=intent["amount"])
        account.emit("payment_intent.amount_capturable_updated", intent)
    else:
        intent.update(status="succeeded", amount_received=intent["amount"])
        account.emit("payment_intent.succeeded", intent)
    return intent


def _declined(account: Account, intent: Obj, method: Obj, charge: Obj, outcome: str) -> StripeError:
    error = declined(outcome, charge=charge["id"], payment_method=dict(method))
    failed(account, intent, error.error)
    return declined(outcome, charge=charge["id"], payment_method=dict(method), payment_intent=dict(intent))


def failed(account: Account, intent: Obj, error: Obj) -> None:
    """Open the intent for another card and say why."""
    intent.update(status="requires_payment_method", payment_method=None, next_action=None, last_payment_error=error)
    account.emit("payment_intent.payment_failed", intent)


@handles("PostPaymentIntents", f"{_TAKES} {_CONFIRMS} confirm")
def create(call: Call) -> Obj:
    """Make a payment intent, and confirm it when asked to."""
    account, params = call.account, call.params
    _check_amount(params)
    if params.get("off_session") and not params.get("confirm"):
        raise invalid("You can only set off_session when confirm is true.", "off_session")
    if customer := params.get("customer"):
        living(account, customer)
    method = resolved(account, params["payment_method"]) if "payment_method" in params else None
    made = demanded(
        account,
        params["amount"],
        customer,
        automatic_payment_methods=params.get("automatic_payment_methods"),
        metadata=merged({}, params.get("metadata", {})),
        **call.given("capture_method", "payment_method_types", *_FIELDS),
    )
    if method:
        made.update(payment_method=method["id"], status="requires_confirmation")
    return _confirmed(account, made, params) if params.get("confirm") else made


def _check_amount(params: Obj) -> None:
    if params["currency"].lower() != "usd":
        raise invalid(f"The sandbox holds US dollars only, not {params['currency']}.", "currency")
    if params["amount"] < LEAST_CENTS:
        raise invalid("Amount must be at least $0.50 usd", "amount", "amount_too_small")
    if params["amount"] > MOST_CENTS:
        raise invalid("Amount must be no more than $999,999.99", "amount", "amount_too_large")


def _confirmed(account: Account, intent: Obj, params: Obj) -> Obj:
    if intent["status"] not in {"requires_payment_method", "requires_confirmation"}:
        raise unexpected(intent, "confirm")
    given = params.get("payment_method") or intent["payment_method"]
    if given is None:
        raise invalid("You cannot confirm this PaymentIntent because it's missing a payment method.", "payment_method")
    method = resolved(account, given)
    if method["customer"] is not None and method["customer"] != intent["customer"]:
        message = "The provided PaymentMethod belongs to another customer than the PaymentIntent."
        raise invalid(message, "payment_method")
    return tried(account, intent, method, off_session=bool(params.get("off_session")))


def unexpected(intent: Obj, verb: str) -> StripeError:
    """Return the error of a step that the intent's status does not allow."""
    message = f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}."
    code = "payment_intent_unexpected_state"
    return StripeError(400, "invalid_request_error", message, code=code, payment_intent=dict(intent))


def _named(call: Call) -> Obj:
    found = call.account.objects.get("payment_intent", call.arguments[0])
    if call.params.get("client_secret", found["client_secret"]) != found["client_secret"]:
        raise invalid("The client_secret provided does not match that of this PaymentIntent.", "client_secret")
    return found


@handles("PostPaymentIntentsIntentConfirm", f"payment_method client_secret mandate_data setup_future_usage {_CONFIRMS}")
def confirm(call: Call) -> Obj:
    """Confirm a payment intent, from the server or with its client secret from the card form."""
    found = _named(call)
    found.update(call.given("setup_future_usage"))
    return _confirmed(call.account, found, call.params)


@handles("PostPaymentIntentsIntentCapture", "amount_to_capture")
def capture_held(call: Call) -> Obj:
    """Take what is held on the card, once, all or a part; the rest is let go."""
    found = call.account.objects.get("payment_intent", call.arguments[0])
    if found["status"] != "requires_capture":
        raise unexpected(found, "capture")
    held: int = found["amount_capturable"]
    amount: int = call.params.get("amount_to_capture", held)
    if not 0 < amount <= held:
        raise invalid("The amount to capture is greater than what is held.", "amount_to_capture", "amount_too_large")
    capture(call.account, call.account.objects.get("charge", found["latest_charge"]), amount)
    found.update(status="succeeded", amount_capturable=0, amount_received=amount)
    call.account.emit("payment_intent.succeeded", found)
    return found


@handles("PostPaymentIntentsIntentCancel", "cancellation_reason")
def cancel(call: Call) -> Obj:
    """Cancel a payment intent that has no money yet."""
    found = call.account.objects.get("payment_intent", call.arguments[0])
    if found["status"] not in _OPEN:
        raise unexpected(found, "cancel")
    reason = call.params.get("cancellation_reason")
    now = call.account.now(found["customer"])
    found.update(status="canceled", canceled_at=now, cancellation_reason=reason, amount_capturable=0, next_action=None)
    call.account.emit("payment_intent.canceled", found)
    return found


@handles("GetPaymentIntentsIntent", "client_secret")
def retrieve(call: Call) -> Obj:
    """Return a payment intent."""
    return _named(call)


@handles("PostPaymentIntentsIntent", "amount customer description metadata payment_method setup_future_usage")
def update(call: Call) -> Obj:
    """Change a payment intent that has no money yet; its metadata always."""
    found = call.account.objects.get("payment_intent", call.arguments[0])
    if call.params.keys() - {"metadata", "description"} and found["status"] not in _OPEN - {"requires_capture"}:
        raise unexpected(found, "update")
    _check_amount({"currency": "usd", "amount": call.params.get("amount", found["amount"])})
    if customer := call.params.get("customer"):
        living(call.account, customer)
    if method := call.params.get("payment_method"):
        found.update(payment_method=resolved(call.account, method)["id"], status="requires_confirmation")
    found.update(call.given("amount", "customer", "description", "setup_future_usage"))
    found["metadata"] = merged(found["metadata"], call.params.get("metadata", {}))
    return found


@handles("GetPaymentIntents", "customer")
def listed(call: Call) -> Obj:
    """List payment intents."""
    return page(call, matching(call, call.account.objects.all("payment_intent"), "customer"))
