"""Charges: one try to take money from a card."""

from sandbox.stripe.account import Account
from sandbox.stripe.cards import AUTHENTICATE, OK, failure
from sandbox.stripe.lists import matching, page
from sandbox.stripe.registry import Call, handles, merged
from sandbox.stripe.resources.balance import booked, card_fee
from sandbox.stripe.resources.payment_methods import card_of
from sandbox.stripe.values import Obj


def outcome_of(account: Account, method: Obj, *, authenticated: bool = False) -> str:
    """Return what charging the card ends in now: what a test asked for, else what the test card is for."""
    if asked := account.card_outcomes[method["id"]]:
        return asked.pop(0)
    wanted = card_of(account, method).charging
    return OK if wanted == AUTHENTICATE and authenticated else wanted


def charged(account: Account, intent: Obj, method: Obj, outcome: str) -> Obj:
    """Make the charge of a payment intent, paid or failed, with its balance transaction and its event."""
    paid, captured = outcome == OK, intent["capture_method"] != "manual"
    made = account.new(
        "charge",
        amount=intent["amount"],
        amount_captured=intent["amount"] if paid and captured else 0,
        amount_refunded=0,
        captured=paid and captured,
        paid=paid,
        refunded=False,
        disputed=False,
        status="succeeded" if paid else "failed",
        currency=intent["currency"],
        customer=intent["customer"],
        description=intent["description"],
        metadata=dict(intent["metadata"]),
        payment_intent=intent["id"],
        payment_method=method["id"],
        billing_details=dict(method["billing_details"]),
        payment_method_details=_details(account, method),
        outcome=_shown(account, outcome),
        **({} if paid else failure(outcome)),
    )
    if paid and captured:
        _book(account, made)
    account.emit("charge.succeeded" if paid else "charge.failed", made)
    return made


def capture(account: Account, charge: Obj, amount_cents: int) -> None:
    """Take what was held on a card, or a part of it."""
    charge.update(captured=True, amount_captured=amount_cents)
    _book(account, charge)
    account.emit("charge.captured", charge)


def _book(account: Account, charge: Obj) -> None:
    taken = charge["amount_captured"]
    charge["balance_transaction"] = booked(account, "charge", taken, charge, card_fee(taken))["id"]


def _details(account: Account, method: Obj) -> Obj:
    part, card = account.objects.part, method["card"]
    same = ("brand", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4")
    checks = part("payment_method_details_card_checks", cvc_check="pass")
    shown = part(
        "payment_method_details_card", network=card["brand"], checks=checks, **{key: card[key] for key in same}
    )
    return {"type": "card", "card": shown}


def _shown(account: Account, outcome: str) -> Obj:
    if outcome == OK:
        said = {"type": "authorized", "network_status": "approved_by_network", "seller_message": "Payment complete."}
    else:
        said = {"type": "issuer_declined", "network_status": "declined_by_network", "reason": outcome}
    return account.objects.part("charge_outcome", risk_level="normal", risk_score=20, **said)


@handles("GetChargesCharge")
def retrieve(call: Call) -> Obj:
    """Return a charge."""
    return call.account.objects.get("charge", call.arguments[0])


@handles("PostChargesCharge", "metadata description")
def update(call: Call) -> Obj:
    """Change a charge's metadata or description."""
    found = call.account.objects.get("charge", call.arguments[0])
    found.update(call.given("description"))
    found["metadata"] = merged(found["metadata"], call.params.get("metadata", {}))
    call.account.emit("charge.updated", found)
    return found


@handles("GetCharges", "customer payment_intent")
def listed(call: Call) -> Obj:
    """List charges."""
    return page(call, matching(call, call.account.objects.all("charge"), "customer", "payment_intent"))
