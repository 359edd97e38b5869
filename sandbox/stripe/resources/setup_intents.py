"""Setup intents: saving a card for charges while the patient is away."""

import secrets

from sandbox.stripe.account import Account
from sandbox.stripe.cards import AUTHENTICATE
from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.lists import matching, page
from sandbox.stripe.registry import Call, handles, merged
from sandbox.stripe.resources.holders import living
from sandbox.stripe.resources.payment_methods import attached, card_of, resolved
from sandbox.stripe.values import Obj

_OPEN = {"requires_payment_method", "requires_confirmation", "requires_action"}
_TAKES = "automatic_payment_methods customer description metadata payment_method payment_method_types"


@handles("PostSetupIntents", f"{_TAKES} confirm return_url usage")
def create(call: Call) -> Obj:
    """Make a setup intent, and confirm it when asked to."""
    account, params = call.account, call.params
    if customer := params.get("customer"):
        living(account, customer)
    made = account.new(
        "setup_intent",
        usage=params.get("usage", "off_session"),
        payment_method_types=params.get("payment_method_types", ["card"]),
        automatic_payment_methods=params.get("automatic_payment_methods"),
        metadata=merged({}, params.get("metadata", {})),
        status="requires_payment_method",
        **call.given("customer", "description"),
    )
    made["client_secret"] = f"{made['id']}_secret_{secrets.token_hex(12)}"
    account.emit("setup_intent.created", made)
    if method := params.get("payment_method"):
        made.update(payment_method=resolved(account, method)["id"], status="requires_confirmation")
    return _confirmed(account, made, params) if params.get("confirm") else made


def _named(call: Call) -> Obj:
    found = call.account.objects.get("setup_intent", call.arguments[0])
    if call.params.get("client_secret", found["client_secret"]) != found["client_secret"]:
        raise invalid("The client_secret provided does not match that of this SetupIntent.", "client_secret")
    return found


@handles("PostSetupIntentsIntentConfirm", "payment_method return_url client_secret mandate_data")
def confirm(call: Call) -> Obj:
    """Confirm a setup intent: from the server, or with its client secret from the card form."""
    found = _named(call)
    return _confirmed(call.account, found, call.params)


def _confirmed(account: Account, intent: Obj, params: Obj) -> Obj:
    if intent["status"] not in _OPEN - {"requires_action"}:
        raise _unexpected(intent, f"You cannot confirm this SetupIntent because it has a status of {intent['status']}.")
    given = params.get("payment_method") or intent["payment_method"]
    if given is None:
        raise invalid("You cannot confirm this SetupIntent because it's missing a payment method.", "payment_method")
    method = resolved(account, given)
    intent["payment_method"] = method["id"]
    if card_of(account, method).saving == AUTHENTICATE:
        intent.update(status="requires_action", next_action={"type": "use_stripe_sdk", "use_stripe_sdk": {}})
        account.emit("setup_intent.requires_action", intent)
        return intent
    return finished(account, intent, method)


def finished(account: Account, intent: Obj, method: Obj) -> Obj:
    """Save the card of a confirmed intent; a declined one opens the intent again and raises the card error."""
    try:
        if intent["customer"]:
            attached(account, method, intent["customer"])
    except StripeError as declined:
        failed(account, intent, declined.error | {"payment_method": dict(method)})
        declined.error["setup_intent"] = dict(intent)
        raise
    intent.update(status="succeeded", next_action=None, last_setup_error=None)
    account.emit("setup_intent.succeeded", intent)
    return intent


def failed(account: Account, intent: Obj, error: Obj) -> None:
    """Open the intent for another card and say why."""
    intent.update(status="requires_payment_method", payment_method=None, next_action=None, last_setup_error=error)
    account.emit("setup_intent.setup_failed", intent)


def _unexpected(intent: Obj, message: str) -> StripeError:
    return StripeError(
        400, "invalid_request_error", message, code="setup_intent_unexpected_state", setup_intent=dict(intent)
    )


@handles("GetSetupIntentsIntent", "client_secret")
def retrieve(call: Call) -> Obj:
    """Return a setup intent."""
    return _named(call)


@handles("PostSetupIntentsIntent", "customer description metadata payment_method")
def update(call: Call) -> Obj:
    """Change a setup intent; whom it is for and which card only while it is open."""
    found, params = call.account.objects.get("setup_intent", call.arguments[0]), call.params
    if params.keys() & {"customer", "payment_method"} and found["status"] not in _OPEN:
        raise _unexpected(found, f"You cannot update this SetupIntent because it has a status of {found['status']}.")
    if customer := params.get("customer"):
        living(call.account, customer)
    if method := params.get("payment_method"):
        found.update(payment_method=resolved(call.account, method)["id"], status="requires_confirmation")
    found.update(call.given("customer", "description"))
    found["metadata"] = merged(found["metadata"], params.get("metadata", {}))
    return found


@handles("PostSetupIntentsIntentCancel", "cancellation_reason")
def cancel(call: Call) -> Obj:
    """Cancel a setup intent that is not done."""
    found = call.account.objects.get("setup_intent", call.arguments[0])
    if found["status"] not in _OPEN:
        raise _unexpected(found, f"You cannot cancel this SetupIntent because it has a status of {found['status']}.")
    found.update(status="canceled", next_action=None, cancellation_reason=call.params.get("cancellation_reason"))
    call.account.emit("setup_intent.canceled", found)
    return found


@handles("GetSetupIntents", "customer payment_method")
def listed(call: Call) -> Obj:
    """List setup intents."""
    return page(call, matching(call, call.account.objects.all("setup_intent"), "customer", "payment_method"))
