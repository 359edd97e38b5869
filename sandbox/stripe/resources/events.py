"""Events of the last 30 days."""

from sandbox.stripe.lists import matching, page
from sandbox.stripe.registry import Call, handles
from sandbox.stripe.values import Obj

# Stripe lists no older ones; a retrieve by id finds no older one either.
_KEPT_SECONDS = 30 * 24 * 3600


@handles("GetEventsId")
def retrieve(call: Call) -> Obj:
    """Return an event as it was made."""
    return call.account.objects.get("event", call.arguments[0])


@handles("GetEvents", "type types delivery_success")
def listed(call: Call) -> Obj:
    """List events, of some types or with webhooks still out."""
    oldest = call.account.clock.now() - _KEPT_SECONDS
    rows = [row for row in matching(call, call.account.objects.all("event"), "type") if row["created"] >= oldest]
    if "types" in call.params:
        rows = [row for row in rows if row["type"] in call.params["types"]]
    if "delivery_success" in call.params:
        rows = [row for row in rows if (row["pending_webhooks"] == 0) is call.params["delivery_success"]]
    return page(call, rows)
