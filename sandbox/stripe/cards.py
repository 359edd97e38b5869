"""Stripe's test cards and what they end in."""

from dataclasses import dataclass

from sandbox.stripe.errors import StripeError
from sandbox.stripe.values import Obj

OK = "ok"
AUTHENTICATE = "authentication_required"
# By decline code: the error's code and Stripe's sentence. Any other decline code is declined as `card_declined`.
_DECLINES = {
    "insufficient_funds": ("card_declined", "Your card has insufficient funds."),
    "expired_card": ("expired_card", "Your card has expired."),
    "incorrect_cvc": ("incorrect_cvc", "Your card's security code is incorrect."),
    "processing_error": (
        "processing_error",
        "An error occurred while processing your card.",
    ),
    AUTHENTICATE: (AUTHENTICATE, "Your card was declined. This transaction requires authentication."),
}
_DECLINED = ("card_declined", "Your card was declined.")


@dataclass(frozen=True)
class Card:
    """A test card: how saving it ends, how charging it ends, and whether the charge is disputed."""

    number: str
    brand: str
    token: str
    saving: str = OK
    charging: str = OK
    disputed: bool = False


CARDS = (
    Card("4242424242424242", "visa", "pm_card_visa"),
    Card("4000056655665556", "visa", "pm_card_visa_debit"),
    Card("5555555555554444", "mastercard", "pm_card_mastercard"),
    Card("378282246310005", "amex", "pm_card_amex"),
    Card("4000000000000077", "visa", "pm_card_bypassPending"),
    Card("4000000000000341", "visa", "pm_card_chargeCustomerFail", charging="generic_decline"),
    Card("4000000000000002", "visa", "pm_card_visa_chargeDeclined", "generic_decline", "generic_decline"),
    Card(
        "4000000000009995",
        "visa",
        "pm_card_visa_chargeDeclinedInsufficientFunds",
        "insufficient_funds",
        "insufficient_funds",
    ),
    Card("4000000000009987", "visa", "pm_card_visa_chargeDeclinedLostCard", "lost_card", "lost_card"),
    Card("4000000000009979", "visa", "pm_card_visa_chargeDeclinedStolenCard", "stolen_card", "stolen_card"),
    Card("4000000000000069", "visa", "pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
    Card("4000000000000127", "visa", "pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"),
    Card("4000000000000119", "visa", "pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error"),
    Card("4000002760003184", "visa", "pm_card_authenticationRequired", AUTHENTICATE, AUTHENTICATE),
    # Authenticates once, when it is saved; charges off session go through after.
    Card("4000002500003155", "visa", "pm_card_authenticationRequiredOnSetup", AUTHENTICATE),
    Card("4000000000000259", "visa", "pm_card_createDispute", disputed=True),
)
BY_TOKEN = {card.token: card for card in CARDS}
BY_NUMBER = {card.number: card for card in CARDS}


def declined(decline_code: str, **fields: object) -> StripeError:
    """Return the card error (402) of a decline code; `payment_intent`, `charge` and the like go with it."""
    code, message = _DECLINES.get(decline_code, _DECLINED)
    return StripeError(402, "card_error", message, code=code, decline_code=decline_code, **fields)


def failure(decline_code: str) -> Obj:
    """Return the code and the sentence of a decline, as a failed charge shows them."""
    code, message = _DECLINES.get(decline_code, _DECLINED)
    return {"failure_code": code, "failure_message": message}
