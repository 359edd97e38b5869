"""The steps of every request at Stripe: each looks first for what an earlier attempt left, and goes on from there."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import stripe

from ledger.gateways.egress import Text
from ledger.gateways.stripe_calls import Calls, declined
from ledger.rules.declines import advice
from ledger.rules.outcome import Advice, Declined, Done, Later, Outcome, Refused, Unknown
from ledger.rules.requests import (
    CancelUsage,
    ChargeVisit,
    CreditBalance,
    CreditInvoice,
    DebitInvoice,
    Excess,
    MeterVisit,
    PauseInvoice,
    PayInvoice,
    Request,
    ResumeInvoice,
)
from ledger.rules.sending import METER_DAYS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

# A clock of ours may be ahead of Stripe's: what we made is looked for from a little before.
SKEW = timedelta(minutes=10)
FINALISED = frozenset({"open", "paid", "uncollectible"})
UNPAID = frozenset({"open", "uncollectible"})
TOO_OLD = "timestamp_too_far_in_past"
# How it was to be asked for was fixed when it was over, and a payer may have decided since: we choose no other way.
_WHY_A_PERSON = "longer than Stripe takes usage: invoice it by itself, unless a memo asks for it, or give it up."


def charge_visit(request: ChargeVisit, calls: Calls) -> Outcome:
    """Invoice the share and charge the card now; what is declined Stripe tries again by itself."""
    place = {"place_of_service": request.place_of_service}
    invoice = _finalised(request, calls, Text.VISIT, place, {"default_payment_method": request.payment_method})
    if isinstance(invoice, Unknown):
        return invoice
    if invoice["status"] != "open":
        return _asked_for(invoice)
    if invoice["attempted"] and (invoice["attempt_count"] > 1 or not calls.are_remembered):
        # Stripe's own retries are under way. Before them, the key of our call brings its answer back.
        return Declined(invoice["id"], "card_declined", Advice.RETRY)
    return _paid(invoice, calls)


def pay_invoice(request: PayInvoice, calls: Calls) -> Outcome:
    """Try an invoice that stands with another card, which Stripe's own retries then take too."""
    path = f"/v1/invoices/{request.invoice}"
    invoice = calls.get(path)
    if invoice["status"] not in UNPAID:
        return _asked_for(invoice)
    if not calls.are_remembered:
        # Whether this card was tried cannot be told any more; Stripe's retries have it.
        return Declined(request.invoice, "card_declined", Advice.RETRY)
    calls.post("card", path, {"default_payment_method": request.payment_method})
    return _paid(invoice, calls)


def pause_invoice(request: PauseInvoice, calls: Calls) -> Outcome:
    """Have Stripe leave an invoice alone; one that is settled meanwhile needs nothing."""
    return _collected(request.invoice, calls, by_itself=False)


def resume_invoice(request: ResumeInvoice, calls: Calls) -> Outcome:
    """Let Stripe go on with an invoice."""
    return _collected(request.invoice, calls, by_itself=True)


def _collected(invoice_id: str, calls: Calls, *, by_itself: bool) -> Outcome:
    path = f"/v1/invoices/{invoice_id}"
    if calls.get(path)["status"] != "open":
        return Done(invoice_id)
    return Done(calls.post("collect", path, {"auto_advance": by_itself})["id"])


def _paid(invoice: dict[str, Any], calls: Calls) -> Outcome:
    try:
        found = calls.post("pay", f"/v1/invoices/{invoice['id']}/pay", {"off_session": True})
    except stripe.CardError as error:
        return declined(error, invoice["id"])
    except stripe.InvalidRequestError as error:
        # Stripe was quicker: it advances by itself what is finalised an hour after it was made.
        found = calls.get(f"/v1/invoices/{invoice['id']}")
        if found["status"] not in UNPAID:
            return _asked_for(found)
        # No card is on file, mostly. The invoice is finalised: what was asked for stands.
        return Declined(invoice["id"], str(error.code or "no_card"), advice(error.code))
    if found["status"] in UNPAID:  # it was tried, and its payment waits for the patient at the bank's page
        return Declined(invoice["id"], "authentication_required", Advice.AUTHENTICATE)
    return _asked_for(found)


def debit_invoice(request: DebitInvoice, calls: Calls) -> Outcome:
    """Ask for a memo by an invoice of its own, which Stripe collects in its time."""
    at = {"effective_at": _seconds(request.effective_at)}
    invoice = _finalised(request, calls, Text.CORRECTION, {"memo_id": str(request.memo_id)}, at)
    return invoice if isinstance(invoice, Unknown) else _asked_for(invoice)


def credit_invoice(request: CreditInvoice, calls: Calls) -> Outcome:
    """Lower a finalised invoice: what is unpaid first, the rest as the practice chooses; previewed first."""
    if calls.attempt.tried_since:
        for note in calls.each("/v1/credit_notes", {"invoice": request.invoice}):
            if note["metadata"].get("memo_id") == str(request.memo_id) and note["status"] != "void":
                return _credited(note)
    invoice = calls.get(f"/v1/invoices/{request.invoice}")
    if invoice["status"] not in FINALISED:
        return Refused("invoice_not_finalised", "The invoice is a draft or void: there is nothing to lower.")
    unpaid = min(request.amount_cents, max(invoice["amount_remaining"], 0))
    excess = request.amount_cents - unpaid
    fields = {
        "invoice": request.invoice,
        "amount": request.amount_cents,
        "effective_at": _seconds(request.effective_at),
        "email_type": "none",
    }
    if excess:
        fields |= {"refund_amount" if request.excess is Excess.REFUND else "credit_amount": excess}
    shown = calls.get("/v1/credit_notes/preview", fields)
    if (shown["pre_payment_amount"], shown["post_payment_amount"]) != (unpaid, excess):
        return Later("The invoice was paid or credited in this very moment.")
    return _credited(calls.post("credit", "/v1/credit_notes", fields | {"metadata": _metadata(request)}))


def credit_balance(request: CreditBalance, calls: Calls) -> Outcome:
    """Give the customer's balance a credit, which the next invoice takes off."""
    path = f"/v1/customers/{request.customer}/balance_transactions"
    if calls.attempt.tried_since:
        for made in calls.each(path, {}):
            if made["metadata"].get("memo_id") == str(request.memo_id):
                return _balanced(made)
    fields = {"amount": -request.amount_cents, "currency": "usd", "metadata": _metadata(request)}
    return _balanced(calls.post("balance", path, fields))


def meter_visit(request: MeterVisit, calls: Calls) -> Outcome:
    """Send usage; once Stripe may have forgotten the identifier, only after its summary shows that it has none."""
    if not calls.are_remembered and (outcome := _usage_found(request, calls)):
        return outcome
    fields = {
        "event_name": request.event_name,
        "identifier": str(request.visit_token),
        "timestamp": _seconds(request.ended_at),
        "payload": {"stripe_customer_id": request.customer, "value": "1"},
    }
    try:
        return Done(calls.post("usage", "/v1/billing/meter_events", fields)["identifier"])
    except stripe.InvalidRequestError as error:
        if "already exists with identifier" in str(error):
            return Done(str(request.visit_token))
        if error.code == TOO_OLD:
            return Refused(TOO_OLD, f"It ended more than {METER_DAYS} days ago, {_WHY_A_PERSON}")
        if error.code == "timestamp_in_future":
            return Later("The visit ends more than five minutes from now, by Stripe's clock.")
        raise


def cancel_usage(request: CancelUsage, calls: Calls) -> Outcome:
    """Take usage back, while Stripe still knows what is meant."""
    if not calls.are_remembered:
        return Unknown("Whether usage was cancelled cannot be read back: compare the invoice.", answered=False)
    fields = {
        "event_name": request.event_name,
        "type": "cancel",
        "cancel": {"identifier": str(request.visit_token)},
    }
    calls.post("cancel", "/v1/billing/meter_event_adjustments", fields)
    return Done(str(request.visit_token))


STEPS: dict[type[Request], Callable[[Any, Calls], Outcome]] = {
    ChargeVisit: charge_visit,
    MeterVisit: meter_visit,
    CancelUsage: cancel_usage,
    CreditInvoice: credit_invoice,
    CreditBalance: credit_balance,
    DebitInvoice: debit_invoice,
    PayInvoice: pay_invoice,
    PauseInvoice: pause_invoice,
    ResumeInvoice: resume_invoice,
}


def _finalised(
    request: ChargeVisit | DebitInvoice,
    calls: Calls,
    text: Text,
    metadata: dict[str, str | None],
    fields: dict[str, Any],
) -> dict[str, Any] | Unknown:
    """Return the invoice of a request, finalised; it is made and filled where it is not yet.

    It does not advance by itself before it is finalised: a draft that a crash left behind asks nobody for anything.
    """
    metadata = {"visit_token": str(request.visit_token), **metadata}
    invoice = _invoice_found(request, calls, metadata.get("memo_id")) if calls.attempt.tried_since else None
    if invoice is None:
        made = {
            "customer": request.customer,
            "currency": "usd",
            "collection_method": "charge_automatically",
            "auto_advance": False,
            "pending_invoice_items_behavior": "exclude",
            "metadata": metadata,
        }
        invoice = calls.post("invoice", "/v1/invoices", made | fields)
    if invoice["status"] != "draft":
        return invoice
    path = f"/v1/invoices/{invoice['id']}"
    if not invoice["total"]:
        item = {
            "customer": request.customer,
            "invoice": invoice["id"],
            "currency": "usd",
            "amount": request.amount_cents,
            "description": text.value,
            "metadata": metadata,
        }
        calls.post("item", "/v1/invoiceitems", item)
        invoice = calls.get(path)
    if invoice["total"] != request.amount_cents:
        return Unknown("The draft of its invoice asks for another amount: look at it at Stripe.", answered=False)
    return calls.post("finalize", f"{path}/finalize", {"auto_advance": True})


def _invoice_found(request: ChargeVisit | DebitInvoice, calls: Calls, memo_id: str | None) -> dict[str, Any] | None:
    """Return the invoice an earlier attempt made, the furthest where there are several."""
    since = _seconds((calls.attempt.tried_since or calls.now) - SKEW)
    found = [
        invoice
        for invoice in calls.each("/v1/invoices", {"customer": request.customer, "created": {"gte": since}})
        if invoice["metadata"].get("visit_token") == str(request.visit_token)
        and invoice["metadata"].get("memo_id") == memo_id
        and invoice["status"] != "void"
    ]
    return max(found, key=lambda invoice: (invoice["status"] != "draft", invoice["total"]), default=None)


def _usage_found(request: MeterVisit, calls: Calls) -> Outcome | None:
    """Say whether Stripe counts this usage in the minute the visit ended; None where it surely does not.

    Stripe counts minutes and names no event: other visits of the customer that ended in this one are told apart by
    their number. What cannot be told is unknown, for a person.
    """
    meters = calls.get("/v1/billing/meters", {"limit": 100, "status": "active"})["data"]
    meter = next((meter for meter in meters if meter["event_name"] == request.event_name), None)
    if meter is None:
        return Refused("no_meter", "Stripe has no active meter of this name.")
    minute = _seconds(request.ended_at) // 60 * 60
    within = {"customer": request.customer, "start_time": minute, "end_time": minute + 60}
    summaries = calls.get(f"/v1/billing/meters/{meter['id']}/event_summaries", within)["data"]
    counted = sum(int(summary["aggregated_value"]) for summary in summaries)
    if counted <= calls.attempt.beside.counted:
        return None
    if counted > calls.attempt.beside.tried:
        return Done(str(request.visit_token))
    return Unknown("Other visits of the customer ended in this minute: compare the invoice.", answered=False)


def _asked_for(invoice: dict[str, Any]) -> Done:
    """Say what an invoice brought; below Stripe's smallest charge it is marked paid, and the balance carries it on."""
    facts: dict[str, int | str] = {"status": invoice["status"], "paid_cents": invoice["amount_paid"]}
    carried = max(invoice["ending_balance"] or 0, 0) - max(invoice["starting_balance"], 0)
    if carried > 0:
        facts["carried_cents"] = carried
    return Done(invoice["id"], facts)


def _credited(note: dict[str, Any]) -> Done:
    facts = {"unpaid_cents": note["pre_payment_amount"], "excess_cents": note["post_payment_amount"]}
    return Done(note["id"], facts)


def _balanced(made: dict[str, Any]) -> Done:
    """Say which credit a balance has: no webhook will."""
    return Done(made["id"], {"created": made["created"], "livemode": int(made["livemode"])})


def _metadata(request: CreditInvoice | CreditBalance) -> dict[str, str]:
    return {"visit_token": str(request.visit_token), "memo_id": str(request.memo_id)}


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
