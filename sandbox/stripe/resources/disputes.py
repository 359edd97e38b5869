"""Disputes: a patient's bank takes a charge back, and what comes of it."""

from sandbox.stripe.account import Account, when
from sandbox.stripe.errors import invalid
from sandbox.stripe.lists import matching, page
from sandbox.stripe.registry import Call, handles, merged
from sandbox.stripe.resources.balance import booked
from sandbox.stripe.resources.payment_methods import card_of
from sandbox.stripe.values import Obj

# Stripe's price of a dispute in the United States, kept whichever way it ends.
FEE_CENTS = 1500
_ANSWER_SECONDS = 7 * 24 * 3600


def opened(account: Account, charge: Obj, amount_cents: int | None = None, reason: str = "fraudulent") -> Obj:
    """Take a charge back, all that is left of it when no amount is given."""
    if not charge["captured"] or charge["disputed"]:
        raise invalid("Only a captured charge can be disputed, and once.", "charge")
    part, left = account.objects.part, charge["amount_captured"] - charge["amount_refunded"]
    amount = left if amount_cents is None else amount_cents
    if not 0 < amount <= left:
        raise invalid("The amount is above what is left of the charge.", "amount")
    now = account.now(charge["customer"])
    due = {"due_by": now + _ANSWER_SECONDS, "has_evidence": False, "past_due": False, "submission_count": 0}
    made = account.new(
        "dispute",
        created=now,
        amount=amount,
        charge=charge["id"],
        currency="usd",
        evidence=part("dispute_evidence"),
        evidence_details=part("dispute_evidence_details", **due),
        is_charge_refundable=False,
        payment_intent=charge["payment_intent"],
        reason=reason,
        status="needs_response",
    )
    charge["disputed"] = True
    account.emit("charge.dispute.created", made)
    made["balance_transactions"].append(booked(account, "adjustment", -amount, made, FEE_CENTS))
    account.emit("charge.dispute.funds_withdrawn", made)
    return made


def closed(account: Account, dispute: Obj, *, won: bool) -> Obj:
    """End a dispute; when it is won the money comes back, without the fee."""
    if dispute["status"] in {"won", "lost"}:
        raise invalid(f"This dispute is already {dispute['status']}.", "dispute")
    dispute["status"] = "won" if won else "lost"
    if won:
        dispute["balance_transactions"].append(booked(account, "adjustment", dispute["amount"], dispute))
        account.emit("charge.dispute.funds_reinstated", dispute)
    account.emit("charge.dispute.closed", dispute)
    return dispute


@when("charge.succeeded")
def _dispute_at_once(account: Account, charge: Obj) -> None:
    method = account.objects.get("payment_method", charge["payment_method"])
    if charge["captured"] and card_of(account, method).disputed:
        opened(account, charge)


@handles("GetDisputesDispute")
def retrieve(call: Call) -> Obj:
    """Return a dispute."""
    return call.account.objects.get("dispute", call.arguments[0])


@handles("PostDisputesDispute", "evidence metadata submit")
def update(call: Call) -> Obj:
    """Answer a dispute; submitted evidence is under review."""
    found = retrieve(call)
    if found["status"] not in {"needs_response", "under_review"}:
        raise invalid(f"This dispute is already {found['status']}.", "dispute")
    found["evidence"].update(call.params.get("evidence", {}))
    given = [value for value in found["evidence"].values() if isinstance(value, str)]
    found["evidence_details"]["has_evidence"] = any(given)
    found["metadata"] = merged(found["metadata"], call.params.get("metadata", {}))
    if call.params.get("submit", "evidence" in call.params):
        found["status"] = "under_review"
        found["evidence_details"]["submission_count"] += 1
    call.account.emit("charge.dispute.updated", found)
    return found


@handles("PostDisputesDisputeClose")
def close(call: Call) -> Obj:
    """Accept a dispute as lost."""
    return closed(call.account, retrieve(call), won=False)


@handles("GetDisputes", "charge payment_intent")
def listed(call: Call) -> Obj:
    """List disputes."""
    return page(call, matching(call, call.account.objects.all("dispute"), "charge", "payment_intent"))
