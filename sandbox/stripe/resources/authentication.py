"""What the cardholder does when the bank asks: pass the authentication, or fail it."""

from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.resources import payment_intents, setup_intents
from sandbox.stripe.resources.payment_methods import declined_authentication
from sandbox.stripe.values import Obj


def authenticated(account: Account, intent_id: str, *, passed: bool) -> Obj:
    """Finish an intent that requires action; one that was failed waits for another card. Return the intent."""
    intent = account.objects.find(intent_id)
    if intent is None or intent.get("status") != "requires_action":
        raise invalid(f"{intent_id} is no intent that requires action.", "intent")
    method = account.objects.get("payment_method", intent["payment_method"])
    try:
        if intent["object"] == "setup_intent":
            return _saved(account, intent, method, passed=passed)
        if passed:
            return payment_intents.tried(account, intent, method, off_session=False, authenticated=True)
        payment_intents.failed(account, intent, declined_authentication("payment_intent", method))
    except StripeError:
        return intent  # declined after all: the intent says why
    return intent


def _saved(account: Account, intent: Obj, method: Obj, *, passed: bool) -> Obj:
    if passed:
        return setup_intents.finished(account, intent, method)
    setup_intents.failed(account, intent, declined_authentication("setup_intent", method))
    return intent
