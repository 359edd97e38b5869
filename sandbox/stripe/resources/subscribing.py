"""What a subscription does with time: its periods, its invoices, its state as they are paid or not."""

from collections.abc import Iterator
from functools import partial

from sandbox.stripe.account import DUE, Account, Job, when
from sandbox.stripe.lists import whole
from sandbox.stripe.resources.invoice_paying import may_advance
from sandbox.stripe.resources.invoiceitems import pending_shown, pending_taken_in
from sandbox.stripe.resources.invoicing import ask_withdrawn, drafted, line_added
from sandbox.stripe.resources.meters import usage
from sandbox.stripe.resources.periods import after
from sandbox.stripe.resources.prices import amount_of, priced
from sandbox.stripe.values import Obj

# A first invoice that is not paid within this ends its subscription.
_INCOMPLETE_SECONDS = 23 * 3600


def item_made(account: Account, subscription: Obj, price: Obj, quantity: int | None, metadata: Obj) -> Obj:
    """Put a price on a subscription; a metered one has no quantity."""
    start, end = period_of(account, subscription)
    metered = price["recurring"]["usage_type"] == "metered"
    made = account.new(
        "subscription_item",
        created=account.now(subscription["customer"]),
        current_period_start=start,
        current_period_end=end,
        price=price,
        subscription=subscription["id"],
        metadata=metadata,
        tax_rates=[],
        **({} if metered else {"quantity": 1 if quantity is None else quantity}),
    )
    subscription["items"]["data"].append(made)
    return made


def period_of(account: Account, subscription: Obj) -> tuple[int, int]:
    """Return the start and the end of the current period, counted from the anchor."""
    notes, anchor = account.objects.notes[subscription["id"]], subscription["billing_cycle_anchor"]
    return tuple(after(anchor, notes["recurring"], notes["period"] + step) for step in (0, 1))  # type: ignore[return-value]  # two of them


def billed(account: Account, subscription: Obj, reason: str, used: tuple[int, int] | None, *, ahead: bool) -> Obj:
    """Make the draft of a period: flat prices for the period ahead, metered ones for what was used."""
    made = _draft(account, subscription, reason, used)
    _fill(account, made, subscription, used, ahead=ahead)
    pending_taken_in(account, made, subscription["id"])
    subscription["latest_invoice"] = made["id"]
    may_advance(account, made, by_itself=True)
    account.emit("invoice.created", made)
    return made


def upcoming(account: Account, subscription: Obj) -> Obj:
    """Return the invoice of the next cycle as it would be now; it is not kept."""
    used, leaving = period_of(account, subscription), subscription["cancel_at_period_end"]
    made = _draft(account, subscription, "upcoming", used)
    notes = account.objects.notes[subscription["id"]]
    notes["period"] += 1
    _fill(account, made, subscription, used, ahead=not leaving)
    notes["period"] -= 1
    pending_shown(account, made, subscription["id"])
    account.objects.forget(made)
    return made | {"id": f"upcoming_{made['id']}"}


def _draft(account: Account, subscription: Obj, reason: str, used: tuple[int, int] | None) -> Obj:
    customer = account.objects.get("customer", subscription["customer"])
    now = account.now(customer["id"])
    start, end = used or (now, now)
    parent = {
        "type": "subscription_details",
        "quote_details": None,
        "subscription_details": {"subscription": subscription["id"], "metadata": dict(subscription["metadata"])},
    }
    return drafted(
        account,
        customer,
        auto_advance=True,
        billing_reason=reason,
        collection_method=subscription["collection_method"],
        parent=parent,
        period_start=start,
        period_end=end,
        default_payment_method=None,
    )


def _fill(account: Account, made: Obj, subscription: Obj, used: tuple[int, int] | None, *, ahead: bool) -> None:
    for item in subscription["items"]["data"]:
        if item["price"]["recurring"]["usage_type"] == "metered":
            if used:
                _metered_line(account, made, item, used)
        elif ahead:
            _line(account, made, item, item["quantity"], period_of(account, subscription))


def _metered_line(account: Account, invoice: Obj, item: Obj, used: tuple[int, int]) -> None:
    def counted() -> int:
        # Below zero the invoice shows nothing: the credit is lost, as at Stripe.
        return max(usage(account, item["price"]["recurring"]["meter"], invoice["customer"], *used), 0)

    line = _line(account, invoice, item, counted(), used)
    account.objects.notes[invoice["id"]].setdefault("metered", []).append((line, item["price"], counted))


def _line(account: Account, invoice: Obj, item: Obj, quantity: int, period: tuple[int, int]) -> Obj:
    subscription = account.objects.get("subscription", item["subscription"])
    details = {
        "invoice_item": None,
        "proration": False,
        "proration_details": None,
        "subscription": subscription["id"],
        "subscription_item": item["id"],
    }
    return line_added(
        account,
        invoice,
        amount_of(item["price"], quantity),
        quantity,
        description=None,
        metadata=dict(subscription["metadata"]),
        parent={
            "type": "subscription_item_details",
            "invoice_item_details": None,
            "subscription_item_details": details,
        },
        period={"start": period[0], "end": period[1]},
        pricing=priced(item["price"]),
        subscription=subscription["id"],
    )


def ended(account: Account, subscription: Obj, *, bill_usage: bool) -> Obj:
    """End a subscription now, with a last invoice of what was used when that is asked for."""
    now = account.now(subscription["customer"])
    start = period_of(account, subscription)[0]
    if bill_usage and start < now:
        billed(account, subscription, "subscription_cycle", (start, now), ahead=False)
    subscription.update(status="canceled", ended_at=now, canceled_at=subscription["canceled_at"] or now)
    account.emit("customer.subscription.deleted", subscription)
    return subscription


def _renewed(account: Account, subscription: Obj) -> None:
    used = period_of(account, subscription)
    if subscription["cancel_at_period_end"]:
        ended(account, subscription, bill_usage=True)
        return
    account.objects.notes[subscription["id"]]["period"] += 1
    start, end = period_of(account, subscription)
    for item in subscription["items"]["data"]:
        item.update(current_period_start=start, current_period_end=end)
    billed(account, subscription, "subscription_cycle", used, ahead=True)
    account.emit("customer.subscription.updated", subscription)


def _expired(account: Account, subscription: Obj) -> None:
    subscription.update(status="incomplete_expired", ended_at=account.now(subscription["customer"]))
    withdrawn(account, account.objects.get("invoice", subscription["latest_invoice"]))
    account.emit("customer.subscription.updated", subscription)


def withdrawn(account: Account, invoice: Obj) -> None:
    """Void the first invoice of a subscription that does not come about."""
    invoice.update(status="void", auto_advance=False, next_payment_attempt=None)
    ask_withdrawn(account, invoice)
    account.emit("invoice.voided", invoice)


def _falling_due(account: Account) -> Iterator[Job]:
    for subscription in account.objects.all("subscription"):
        if subscription["status"] in {"active", "past_due"}:
            at = period_of(account, subscription)[1]
            yield Job(at, subscription["customer"], partial(_renewed, account, subscription))
        elif subscription["status"] == "incomplete":
            at = subscription["created"] + _INCOMPLETE_SECONDS
            yield Job(at, subscription["customer"], partial(_expired, account, subscription))


DUE.append(_falling_due)


def _of(account: Account, invoice: Obj) -> Obj | None:
    details = (invoice["parent"] or {}).get("subscription_details") or {}
    return account.objects.find(details.get("subscription", ""))


@when("invoice.paid")
def _paid(account: Account, invoice: Obj) -> None:
    subscription = _of(account, invoice)
    if subscription and subscription["status"] in {"incomplete", "past_due"}:
        subscription["status"] = "active"
        account.emit("customer.subscription.updated", subscription)


@when("invoice.payment_failed")
def _not_paid(account: Account, invoice: Obj) -> None:
    subscription = _of(account, invoice)
    if subscription and subscription["status"] == "active":
        subscription["status"] = "past_due"
        account.emit("customer.subscription.updated", subscription)


@when("customer.deleted")
def _left(account: Account, customer: Obj) -> None:
    for subscription in account.objects.all("subscription"):
        if subscription["customer"] == customer["id"] and not subscription["ended_at"]:
            ended(account, subscription, bill_usage=False)


def empty_items(subscription_id: str) -> Obj:
    """Return the list that a subscription holds its items in."""
    return whole([], f"/v1/subscription_items?subscription={subscription_id}")
