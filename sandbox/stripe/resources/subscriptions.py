"""Subscriptions: one flat price, one metered price for each kind of visit, one invoice a period."""

from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError, invalid, not_here
from sandbox.stripe.lists import matching, page
from sandbox.stripe.registry import Call, handles, merged
from sandbox.stripe.resources.holders import living
from sandbox.stripe.resources.invoice_paying import attempted, collect
from sandbox.stripe.resources.invoicing import finalized
from sandbox.stripe.resources.subscribing import billed, empty_items, ended, item_made, period_of, upcoming, withdrawn
from sandbox.stripe.values import Obj

_TAKES = "cancel_at_period_end default_payment_method description items metadata off_session"
_ITEM = ("metadata", "price", "quantity")
_BEHAVIOURS = {"allow_incomplete", "default_incomplete", "error_if_incomplete"}


@handles("PostSubscriptions", f"{_TAKES} billing_mode.type collection_method customer payment_behavior")
def create(call: Call) -> Obj:
    """Make a subscription; its first invoice is finalised and charged at once."""
    account, params = call.account, call.params
    if "customer" not in params or not params.get("items"):
        raise invalid("A subscription needs a customer and items.", "items", "parameter_missing")
    if params.get("collection_method", "charge_automatically") != "charge_automatically":
        raise not_here(call.operation.operation_id, "it charges automatically only")
    behaviour = params.get("payment_behavior", "allow_incomplete")
    if behaviour not in _BEHAVIOURS:
        raise not_here(call.operation.operation_id, f"the payment behaviour {behaviour}")
    prices = [_price(account, asked, place) for place, asked in enumerate(params["items"])]
    made = _blank(call, living(account, params["customer"]), prices[0]["recurring"])
    for price, asked in zip(prices, params["items"], strict=True):
        _same_interval(account, made, price)
        item_made(account, made, price, asked.get("quantity"), merged({}, asked.get("metadata", {})))
    _begin(account, made, behaviour)
    account.emit("customer.subscription.created", made)
    return made


def _price(account: Account, asked: Obj, place: int) -> Obj:
    param = f"items[{place}][price]"
    if "price" not in asked:
        raise invalid("The sandbox knows items by price only.", param, "parameter_missing")
    found = account.objects.get("price", asked["price"], param)
    if found["type"] != "recurring" or not found["active"]:
        raise invalid("The price must be recurring and active.", param)
    if found["recurring"]["usage_type"] == "metered" and "quantity" in asked:
        raise invalid("A metered price has no quantity.", f"items[{place}][quantity]")
    return found


def _blank(call: Call, customer: Obj, recurring: Obj) -> Obj:
    account, params = call.account, call.params
    now, part = account.now(customer["id"]), account.objects.part
    made = account.new(
        "subscription",
        created=now,
        automatic_tax=part("subscription_automatic_tax", enabled=False),
        billing_cycle_anchor=now,
        billing_mode={"type": params.get("billing_mode", {}).get("type", "flexible"), "flexible": None},
        cancel_at_period_end=params.get("cancel_at_period_end", False),
        collection_method="charge_automatically",
        currency="usd",
        customer=customer["id"],
        default_tax_rates=[],
        invoice_settings={"account_tax_ids": None, "issuer": {"type": "self"}},
        items=empty_items(""),
        metadata=merged({}, params.get("metadata", {})),
        start_date=now,
        status="incomplete",
        test_clock=customer["test_clock"],
        **call.given("default_payment_method", "description"),
    )
    made["items"] = empty_items(made["id"])
    account.objects.notes[made["id"]].update(recurring=recurring, period=0)
    return made


def _same_interval(account: Account, subscription: Obj, price: Obj) -> None:
    first = account.objects.notes[subscription["id"]]["recurring"]
    if any(price["recurring"][name] != first[name] for name in ("interval", "interval_count")):
        raise not_here("PostSubscriptions", "prices of different intervals on one subscription")


def _begin(account: Account, subscription: Obj, behaviour: str) -> None:
    invoice = finalized(account, billed(account, subscription, "subscription_create", None, ahead=True))
    if invoice["status"] == "open" and behaviour == "allow_incomplete":
        collect(account, invoice)
    elif invoice["status"] == "open" and behaviour == "error_if_incomplete":
        try:
            attempted(account, invoice)
        except StripeError:
            withdrawn(account, invoice)
            account.objects.delete(subscription)
            raise


def _get(call: Call) -> Obj:
    return call.account.objects.get("subscription", call.arguments[0])


@handles("GetSubscriptionsSubscriptionExposedId")
def retrieve(call: Call) -> Obj:
    """Return a subscription."""
    return _get(call)


@handles("PostSubscriptionsSubscriptionExposedId", f"{_TAKES} proration_behavior")
def update(call: Call) -> Obj:
    """Change a subscription; items only without proration."""
    account, found, params = call.account, _get(call), call.params
    _living(found)
    if "items" in params:
        without_proration(call)
        for place, asked in enumerate(params["items"]):
            _item_changed(account, found, asked, place)
    found.update(call.given("cancel_at_period_end", "default_payment_method", "description"))
    if "cancel_at_period_end" in params:
        leaving = params["cancel_at_period_end"]
        found["cancel_at"] = period_of(account, found)[1] if leaving else None
        found["canceled_at"] = account.now(found["customer"]) if leaving else None
    found["metadata"] = merged(found["metadata"], params.get("metadata", {}))
    account.emit("customer.subscription.updated", found)
    return found


def without_proration(call: Call) -> None:
    """Refuse loudly a change of items that Stripe would prorate."""
    if call.params.get("proration_behavior") != "none":
        raise not_here(call.operation.operation_id, "proration; give proration_behavior=none")


def _living(subscription: Obj) -> None:
    if subscription["status"] in {"canceled", "incomplete_expired"}:
        raise invalid(f"A {subscription['status']} subscription cannot be changed.", "id")


def _item_changed(account: Account, subscription: Obj, asked: Obj, place: int) -> None:
    items = subscription["items"]["data"]
    if "id" not in asked:
        price = _price(account, asked, place)
        _same_interval(account, subscription, price)
        item_made(account, subscription, price, asked.get("quantity"), merged({}, asked.get("metadata", {})))
        return
    item = account.objects.get("subscription_item", asked["id"], f"items[{place}][id]")
    if asked.get("deleted"):
        items.remove(item)
        account.objects.delete(item)
        return
    if "price" in asked:
        price = _price(account, asked, place)
        _same_interval(account, subscription, price)
        item["price"] = price
    if "quantity" in asked:
        item["quantity"] = asked["quantity"]
    item["metadata"] = merged(item["metadata"], asked.get("metadata", {}))


@handles("DeleteSubscriptionsSubscriptionExposedId", "invoice_now prorate")
def cancel(call: Call) -> Obj:
    """End a subscription now; what was used since the last invoice is billed only when asked for."""
    found = _get(call)
    _living(found)
    if call.params.get("prorate"):
        raise not_here(call.operation.operation_id, "proration")
    return ended(call.account, found, bill_usage=call.params.get("invoice_now", False))


@handles("PostInvoicesCreatePreview", "customer subscription")
def preview(call: Call) -> Obj:
    """Return the next invoice of a subscription as it would be now."""
    if "subscription" not in call.params:
        raise not_here(call.operation.operation_id, "previews of anything but a subscription as it is")
    found = call.account.objects.get("subscription", call.params["subscription"], "subscription")
    _living(found)
    return upcoming(call.account, found)


@handles("PostSubscriptionItems", "metadata price proration_behavior quantity subscription")
def add_item(call: Call) -> Obj:
    """Put a price on a subscription, without proration."""
    found = call.account.objects.get("subscription", call.params["subscription"], "subscription")
    _items_changed(call, found, {name: call.params[name] for name in _ITEM if name in call.params})
    added: Obj = found["items"]["data"][-1]
    return added


@handles("PostSubscriptionItemsItem", "metadata price proration_behavior quantity")
def change_item(call: Call) -> Obj:
    """Change an item, without proration."""
    item = call.account.objects.get("subscription_item", call.arguments[0])
    asked = {name: call.params[name] for name in _ITEM if name in call.params}
    _items_changed(call, call.account.objects.get("subscription", item["subscription"]), asked | {"id": item["id"]})
    return item


@handles("DeleteSubscriptionItemsItem", "proration_behavior")
def remove_item(call: Call) -> Obj:
    """Take a price off a subscription, without proration."""
    item = call.account.objects.get("subscription_item", call.arguments[0])
    subscription = call.account.objects.get("subscription", item["subscription"])
    _items_changed(call, subscription, {"id": item["id"], "deleted": True})
    return item


def _items_changed(call: Call, subscription: Obj, asked: Obj) -> None:
    _living(subscription)
    without_proration(call)
    _item_changed(call.account, subscription, asked, 0)
    call.account.emit("customer.subscription.updated", subscription)


@handles("GetSubscriptions", "collection_method customer price status test_clock")
def listed(call: Call) -> Obj:
    """List subscriptions; ended ones only when their status, or all, is asked for."""
    rows = matching(call, call.account.objects.all("subscription"), "collection_method", "customer", "test_clock")
    status, price = call.params.get("status"), call.params.get("price")
    gone = {"canceled", "incomplete_expired"}
    if status == "ended":
        rows = [row for row in rows if row["status"] in gone]
    elif status != "all":
        rows = [row for row in rows if (row["status"] == status if status else row["status"] not in gone)]
    if price:
        rows = [row for row in rows if any(item["price"]["id"] == price for item in row["items"]["data"])]
    return page(call, rows)
