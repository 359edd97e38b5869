"""Refunds: money back to the card, never more than was taken."""

from sandbox.stripe.account import Account
from sandbox.stripe.errors import invalid
from sandbox.stripe.expand import on_request
from sandbox.stripe.lists import matching, page, whole
from sandbox.stripe.registry import Call, handles, merged
from sandbox.stripe.resources.balance import booked
from sandbox.stripe.values import Obj


def _dollars(cents: int) -> str:
    return f"${cents // 100}.{cents % 100:02d}"


def refunded(account: Account, charge: Obj, amount_cents: int | None, **fields: object) -> Obj:
    """Refund a charge, all that is left of it when no amount is given; Stripe keeps its fee."""
    if not charge["captured"]:
        raise invalid(f"Charge {charge['id']} has not been captured.", "charge", "charge_not_refundable")
    left = charge["amount_captured"] - charge["amount_refunded"]
    if charge["disputed"]:
        raise invalid(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.", "charge", "charge_disputed"
        )
    if left == 0:
        message = f"Charge {charge['id']} has already been refunded."
        raise invalid(message, "charge", "charge_already_refunded")
    amount = left if amount_cents is None else amount_cents
    if amount <= 0:
        raise invalid("Invalid positive integer", "amount", "parameter_invalid_integer")
    if amount > left:
        message = f"Refund amount ({_dollars(amount)}) is greater than unrefunded amount on charge ({_dollars(left)})"
        raise invalid(message, "amount", "charge_exceeds_source_limit")
    made = account.new(
        "refund",
        created=account.now(charge["customer"]),
        amount=amount,
        currency=charge["currency"],
        charge=charge["id"],
        payment_intent=charge["payment_intent"],
        status="succeeded",
        destination_details={"type": "card", "card": {"type": "refund", "reference_status": "pending"}},
        **fields,
    )
    made["balance_transaction"] = booked(account, "refund", -amount, made)["id"]
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    account.emit("refund.created", made)
    account.emit("charge.refunded", charge)
    return made


@handles("PostRefunds", "charge payment_intent amount reason metadata")
def create(call: Call) -> Obj:
    """Refund a charge, named itself or by its payment intent."""
    account, params = call.account, call.params
    charge_id = params.get("charge")
    if intent := params.get("payment_intent"):
        charge_id = account.objects.get("payment_intent", intent, "payment_intent")["latest_charge"]
    if charge_id is None:
        raise invalid("One of the following params should be provided for this request: payment_intent or charge.")
    charge = account.objects.get("charge", charge_id, "charge")
    metadata = merged({}, params.get("metadata", {}))
    return refunded(account, charge, params.get("amount"), reason=params.get("reason"), metadata=metadata)


@handles("GetRefundsRefund")
def retrieve(call: Call) -> Obj:
    """Return a refund."""
    return call.account.objects.get("refund", call.arguments[0])


@handles("PostRefundsRefund", "metadata")
def update(call: Call) -> Obj:
    """Change a refund's metadata."""
    found = call.account.objects.get("refund", call.arguments[0])
    found["metadata"] = merged(found["metadata"], call.params.get("metadata", {}))
    call.account.emit("refund.updated", found)
    return found


@handles("GetRefunds", "charge payment_intent")
def listed(call: Call) -> Obj:
    """List refunds."""
    return page(call, matching(call, call.account.objects.all("refund"), "charge", "payment_intent"))


@on_request("charge", "refunds")
def of_charge(account: Account, charge: Obj) -> Obj:
    """Return the refunds of a charge, newest first."""
    rows = [row for row in account.objects.all("refund") if row["charge"] == charge["id"]]
    return whole(rows[::-1], f"/v1/charges/{charge['id']}/refunds")
