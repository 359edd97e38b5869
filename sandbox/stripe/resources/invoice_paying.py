"""Getting an invoice paid: the first try, the tries after it, and what a paid intent does to its invoice."""

from collections.abc import Iterator
from functools import partial

from sandbox.stripe.account import DUE, Account, Job, when
from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.resources.invoicing import DRAFT_SECONDS, finalized, intent_of, settled
from sandbox.stripe.resources.payment_intents import tried
from sandbox.stripe.resources.payment_methods import resolved
from sandbox.stripe.values import Obj

_DAY = 24 * 3600
# Stripe picks the days of its retries itself, within two weeks by default; the sandbox always takes these.
RETRY_DAYS = (1, 3, 5, 7)
# Stripe tries no card again after these.
_HARD = frozenset(
    """
    authentication_required expired_card incorrect_number lost_card pickup_card revocation_of_all_authorizations
    revocation_of_authorization stolen_card stop_payment_order transaction_not_allowed
    """.split(),  # noqa: SIM905 - read as the list it is
)


def method_for(account: Account, invoice: Obj) -> str | None:
    """Return the card an invoice is charged to: its own, its subscription's, the customer's."""
    customer = account.objects.get("customer", invoice["customer"])
    details = (invoice["parent"] or {}).get("subscription_details") or {}
    subscription = account.objects.find(details.get("subscription", "")) or {}
    chosen: str | None = (
        invoice["default_payment_method"]
        or subscription.get("default_payment_method")
        or customer["invoice_settings"]["default_payment_method"]
    )
    return chosen


def attempted(account: Account, invoice: Obj, given: str | None = None, *, off_session: bool = True) -> Obj:
    """Try to take what remains; raise the card error of a decline, after the next try is set."""
    chosen = given or method_for(account, invoice)
    if chosen is None:
        message = "Cannot charge a customer that has no active card or default payment method"
        raise StripeError(402, "card_error", message, code="missing")
    intent = intent_of(account, invoice)
    if intent is None:
        raise invalid("Nothing is due on this invoice.", "invoice")
    intent["amount"] = invoice["amount_remaining"]
    invoice.update(attempt_count=invoice["attempt_count"] + 1, attempted=True)
    try:
        tried(account, intent, resolved(account, chosen), off_session=off_session)
    except StripeError as declined:
        _note_decline(account, invoice, declined)
        raise
    if intent["status"] == "requires_action":
        account.emit("invoice.payment_action_required", invoice)
    return invoice


def _note_decline(account: Account, invoice: Obj, declined: StripeError) -> None:
    code = declined.error.get("decline_code", "")
    again = invoice["auto_advance"] and code not in _HARD and invoice["attempt_count"] <= len(RETRY_DAYS)
    now = account.now(invoice["customer"])
    next_at = now + RETRY_DAYS[invoice["attempt_count"] - 1] * _DAY if again else None
    invoice["next_payment_attempt"] = next_at
    account.emit("invoice.payment_failed", invoice)
    if code == "authentication_required":
        account.emit("invoice.payment_action_required", invoice)


@when("payment_intent.succeeded")
def _paid(account: Account, intent: Obj) -> None:
    asked_for = account.objects.notes[intent["id"]].get("invoice")
    if asked_for is None:
        return
    invoice = account.objects.get("invoice", asked_for)
    received, now = intent["amount_received"], account.now(invoice["customer"])
    payment = account.objects.get("invoice_payment", account.objects.notes[asked_for]["payment"])
    payment.update(amount_paid=received, amount_requested=received, status="paid")
    payment["status_transitions"]["paid_at"] = now
    invoice["amount_paid"] += received
    settled(account, invoice)
    account.emit("invoice_payment.paid", payment)
    account.emit("invoice.payment_succeeded", invoice)


def collect(account: Account, invoice: Obj) -> None:
    """Try without anyone waiting for the answer: a decline is told by its events."""
    try:
        attempted(account, invoice)
    except StripeError as declined:
        if declined.error["type"] != "card_error":
            raise
        if declined.error.get("code") == "missing":
            invoice.update(next_payment_attempt=None, attempted=True)
            account.emit("invoice.payment_failed", invoice)


def _advancing(account: Account) -> Iterator[Job]:
    for invoice in account.objects.all("invoice"):
        if invoice["status"] == "draft" and invoice["automatically_finalizes_at"]:
            finalize = partial(_finalize_and_collect, account, invoice)
            yield Job(invoice["automatically_finalizes_at"], invoice["customer"], finalize)
        elif invoice["status"] == "open" and invoice["next_payment_attempt"]:
            yield Job(invoice["next_payment_attempt"], invoice["customer"], partial(collect, account, invoice))


def _finalize_and_collect(account: Account, invoice: Obj) -> None:
    finalized(account, invoice)
    if invoice["status"] == "open" and invoice["collection_method"] == "charge_automatically":
        collect(account, invoice)


def may_advance(account: Account, invoice: Obj, *, by_itself: bool) -> None:
    """Set whether an invoice goes on by itself an hour after it was made: finalised as a draft, charged when open."""
    invoice["auto_advance"] = by_itself
    soon = max(account.now(invoice["customer"]), invoice["created"] + DRAFT_SECONDS) if by_itself else None
    if invoice["status"] == "draft":
        invoice["automatically_finalizes_at"] = soon
    elif invoice["status"] == "open" and invoice["collection_method"] == "charge_automatically":
        invoice["next_payment_attempt"] = (invoice["next_payment_attempt"] or soon) if by_itself else None


DUE.append(_advancing)
