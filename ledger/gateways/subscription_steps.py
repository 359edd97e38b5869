"""The steps of subscriptions at Stripe: a catalogue made once, one subscription a customer, drafts that wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid5

import stripe

from ledger.gateways.egress import Text
from ledger.gateways.stripe_calls import PAGE, Calls, declined
from ledger.rules.outcome import Advice, Declined, Done, Later, Outcome, Refused
from ledger.rules.plan import prices_of
from ledger.rules.requests import Ending, EndSubscription, HoldInvoice, ReleaseInvoice, Request, Subscribe
from ledger.rules.service_category import event_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from uuid import UUID

ENDED = frozenset({"canceled", "incomplete_expired"})
# The part of a plan that is no category of visits.
FLAT = "flat"


def subscribe(request: Subscribe, calls: Calls) -> Outcome:
    """Subscribe a customer who has no subscription; take the one that is there for ours where its prices are ours.

    A first payment that is declined leaves nothing behind: the next try is another request.
    """
    living = [
        found
        for found in calls.each("/v1/subscriptions", {"customer": request.customer})
        if found["status"] not in ENDED
    ]
    prices = _catalogue(request, calls)
    if prices is None:
        return Later("Another call is making the same catalogue.")
    if living:
        return _adopted(living, prices)
    fields = {
        "customer": request.customer,
        "items": [{"price": price} for price in prices.values()],
        "billing_mode": {"type": "flexible"},
        "collection_method": "charge_automatically",
        "payment_behavior": "error_if_incomplete",
    }
    try:
        return _subscribed(calls.post("subscribe", "/v1/subscriptions", fields), prices)
    except stripe.CardError as error:
        said = declined(error, "")
        # Nothing stands that Stripe would try again.
        return Declined("", said.code, Advice.NEW_CARD if said.advice is Advice.RETRY else said.advice)


def end_subscription(request: EndSubscription, calls: Calls) -> Outcome:
    """End a subscription; one that has ended stays as it is. What it was used for since its last invoice is billed.

    What was paid in advance is not given back: a flat price is of the period that was begun.
    """
    path = f"/v1/subscriptions/{request.subscription}"
    found = calls.get(path)
    if found["status"] not in ENDED:
        if request.ending is Ending.NOW:
            found = calls.delete(path, {"invoice_now": True, "prorate": False})
        elif not found["cancel_at_period_end"]:
            found = calls.post("end", path, {"cancel_at_period_end": True, "proration_behavior": "none"})
    ends_at = int(found["ended_at"] or found["cancel_at"])
    return Done(request.subscription, {"status": str(found["status"]), "ends_at": ends_at})


def hold_invoice(request: HoldInvoice, calls: Calls) -> Outcome:
    """Stop a draft from advancing by itself. One that is finalised already stays: the outcome says what it is."""
    return _advancing(request.invoice, calls, "hold", by_itself=False)


def release_invoice(request: ReleaseInvoice, calls: Calls) -> Outcome:
    """Let a draft advance by itself again."""
    return _advancing(request.invoice, calls, "release", by_itself=True)


STEPS: dict[type[Request], Callable[[Any, Calls], Outcome]] = {
    Subscribe: subscribe,
    EndSubscription: end_subscription,
    HoldInvoice: hold_invoice,
    ReleaseInvoice: release_invoice,
}


def _advancing(invoice_id: str, calls: Calls, step: str, *, by_itself: bool) -> Done:
    path = f"/v1/invoices/{invoice_id}"
    invoice = calls.get(path)
    if invoice["status"] == "draft" and invoice["auto_advance"] is not by_itself:
        invoice = calls.post(step, path, {"auto_advance": by_itself})
    return Done(invoice_id, {"status": str(invoice["status"])})


def _adopted(living: list[dict[str, Any]], prices: Mapping[str, str]) -> Outcome:
    """Take a living subscription for ours when it is the only one and has our prices: an answer may have been lost."""
    if len(living) == 1 and {item["price"]["id"] for item in living[0]["items"]["data"]} == set(prices.values()):
        return _subscribed(living[0], prices)
    return Refused("already_subscribed", "The customer has another subscription at Stripe: that one stands.")


def _subscribed(subscription: dict[str, Any], prices: Mapping[str, str]) -> Done:
    facts = {f"price_{part}": price for part, price in prices.items()}
    return Done(subscription["id"], {"started_at": int(subscription["start_date"]), **facts})


def _catalogue(request: Subscribe, calls: Calls) -> dict[str, str] | None:
    """Return the price of each part of the plan; what Stripe has not yet is made. None where that is under way.

    A price is known by its lookup key, which holds its amount and is unique at Stripe: another amount is another price,
    and who subscribed before keeps theirs.
    """
    parts = {FLAT: request.flat_cents} | {str(number): cents for number, cents in prices_of(request.prices).items()}
    keys = {part: f"trueup_{request.catalogue.hex}_{part}_{cents}" for part, cents in parts.items()}
    found = _prices(keys, calls)
    if missing := [part for part in parts if part not in found]:
        meters = _meters([part for part in missing if part != FLAT], calls)
        products = {name: _product(request.catalogue, name, calls) for name in {_name(part) for part in missing}}
        for part in missing:
            recurring = {"interval": "month"} | ({} if part == FLAT else {"usage_type": "metered"})
            fields = {
                "currency": "usd",
                "unit_amount": parts[part],
                "lookup_key": keys[part],
                "product": products[_name(part)],
                "recurring": recurring | ({} if part == FLAT else {"meter": meters[part]}),
            }
            _made_by_somebody(calls, f"price{part.removeprefix(FLAT)}", "/v1/prices", fields)
        found = _prices(keys, calls)
    return {part: found[part] for part in parts} if set(parts) <= set(found) else None


def _name(part: str) -> Text:
    return Text.PLAN if part == FLAT else Text.VISIT


def _prices(keys: Mapping[str, str], calls: Calls) -> dict[str, str]:
    asked = {"lookup_keys": list(keys.values()), "active": True, "limit": PAGE}
    by_key = {price["lookup_key"]: price["id"] for price in calls.get("/v1/prices", asked)["data"]}
    return {part: by_key[key] for part, key in keys.items() if key in by_key}


def _meters(categories: list[str], calls: Calls) -> dict[str, str]:
    """Return the meter of each category: the account has one for all practices, since usage is a customer's."""
    names = {category: event_name(int(category)) for category in categories}
    found = _active_meters(calls) if names else {}
    for category, name in names.items():
        if name not in found:
            fields = {
                "display_name": name,
                "event_name": name,
                "default_aggregation": {"formula": "sum"},
                "customer_mapping": {"type": "by_id", "event_payload_key": "stripe_customer_id"},
                "value_settings": {"event_payload_key": "value"},
            }
            _made_by_somebody(calls, f"meter{category}", "/v1/billing/meters", fields)
    found = _active_meters(calls) if set(names.values()) - set(found) else found
    return {category: found[name] for category, name in names.items()}


def _active_meters(calls: Calls) -> dict[str, str]:
    meters = calls.get("/v1/billing/meters", {"limit": PAGE, "status": "active"})["data"]
    return {meter["event_name"]: meter["id"] for meter in meters}


def _product(catalogue: UUID, name: Text, calls: Calls) -> str:
    product = f"prod_{uuid5(catalogue, name).hex}"
    step = "product_of_the_plan" if name is Text.PLAN else "product_of_visits"
    _made_by_somebody(calls, step, "/v1/products", {"id": product, "name": name.value})
    return product


def _made_by_somebody(calls: Calls, step: str, path: str, fields: dict[str, Any]) -> None:
    """Make what is unique at Stripe; that it is there already is as good."""
    try:
        calls.post(step, path, fields)
    except stripe.InvalidRequestError as error:
        if "already" not in str(error):
            raise
