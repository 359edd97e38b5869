"""Items of a subscription, one a price."""

from sandbox.stripe.lists import page
from sandbox.stripe.registry import Call, handles
from sandbox.stripe.values import Obj


@handles("GetSubscriptionItemsItem")
def retrieve(call: Call) -> Obj:
    """Return an item."""
    return call.account.objects.get("subscription_item", call.arguments[0])


@handles("GetSubscriptionItems", "subscription")
def listed(call: Call) -> Obj:
    """List the items of a subscription."""
    found = call.account.objects.get("subscription", call.params["subscription"], "subscription")
    return page(call, found["items"]["data"])
