"""Webhook endpoints: where events go, and which."""

import secrets

from sandbox.stripe.errors import invalid, not_here
from sandbox.stripe.lists import page
from sandbox.stripe.registry import Call, handles, merged
from sandbox.stripe.values import Obj


@handles("PostWebhookEndpoints", "url enabled_events api_version description metadata")
def create(call: Call) -> Obj:
    """Make an endpoint; its secret is told now and never again."""
    params, account = call.params, call.account
    version = params.get("api_version", account.specification.version)
    if version != account.specification.version:
        raise not_here(call.operation.operation_id, f"it renders events in {account.specification.version} only")
    _check(params)
    made = account.new(
        "webhook_endpoint",
        url=params["url"],
        enabled_events=params["enabled_events"],
        api_version=params.get("api_version"),
        description=params.get("description"),
        metadata=merged({}, params.get("metadata", {})),
        status="enabled",
    )
    secret = f"whsec_{secrets.token_hex(16)}"
    account.objects.notes[made["id"]]["secret"] = secret
    return made | {"secret": secret}


def _check(params: Obj) -> None:
    if not params.get("url", "https://").startswith(("http://", "https://")):
        raise invalid("Invalid URL: An explicit scheme (such as https) must be provided.", "url", "url_invalid")


@handles("GetWebhookEndpointsWebhookEndpoint")
def retrieve(call: Call) -> Obj:
    """Return an endpoint, without its secret."""
    return call.account.objects.get("webhook_endpoint", call.arguments[0])


@handles("PostWebhookEndpointsWebhookEndpoint", "url enabled_events description metadata disabled")
def update(call: Call) -> Obj:
    """Change an endpoint, or switch it off and on."""
    found = call.account.objects.get("webhook_endpoint", call.arguments[0])
    _check(call.params)
    found.update(call.given("url", "enabled_events", "description"))
    found["metadata"] = merged(found["metadata"], call.params.get("metadata", {}))
    if "disabled" in call.params:
        found["status"] = "disabled" if call.params["disabled"] else "enabled"
    return found


@handles("DeleteWebhookEndpointsWebhookEndpoint")
def delete(call: Call) -> Obj:
    """Delete an endpoint; what is on its way to it stays away."""
    return call.account.objects.delete(call.account.objects.get("webhook_endpoint", call.arguments[0]))


@handles("GetWebhookEndpoints")
def listed(call: Call) -> Obj:
    """List endpoints."""
    return page(call, call.account.objects.all("webhook_endpoint"))
