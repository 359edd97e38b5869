"""Webhooks: signed, tried again until they are taken, twice or in disorder when asked."""

import json
from typing import Any

import pytest
import stripe

from sandbox.stripe.serving import Sandbox
from tests.support.stripe_sandbox import Receiver, client_of, receiving


def endpoint(client: stripe.StripeClient, receiver: Receiver, *events: Any) -> str:
    """Make an endpoint for the events, all of them when none is named; return its secret."""
    made = client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": list(events) or ["*"]})
    assert made.secret is not None
    return made.secret


def test_an_event_is_signed_and_tried_again_until_it_is_taken(fresh: Sandbox) -> None:
    client = client_of(fresh)
    fresh.control.webhooks(first_retry=0.02)
    with receiving(refusing=2) as receiver:
        secret = endpoint(client, receiver, "customer.created")
        customer = client.v1.customers.create({"metadata": {"a": "b"}})
        client.v1.customers.update(customer.id, {"description": "not sent: another type"})
        assert fresh.control.drain() == {"taken": 1, "refused": 2, "given_up": 0, "waiting": 0}
    assert len({stripe.Webhook.construct_event(body, signed, secret).id for body, signed in receiver.tries}) == 1
    assert len(receiver.tries) == 3
    body, signed = receiver.tries[-1]
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body.replace(b'"b"', b'"c"'), signed, secret)
    (listed,) = client.v1.events.list({"type": "customer.created"}).data
    assert (listed.pending_webhooks, listed.api_version) == (0, stripe.api_version)


def test_what_nobody_takes_is_listed_as_not_delivered(fresh: Sandbox) -> None:
    client = client_of(fresh)
    fresh.control.webhooks(first_retry=0.01, attempts=2)
    with receiving(refusing=99) as receiver:
        endpoint(client, receiver)
        client.v1.customers.create({})
        assert fresh.control.drain()["given_up"] == 1
    (missed,) = client.v1.events.list({"delivery_success": False}).data
    receiver.refusing = 0
    assert client.v1.events.list({"delivery_success": True}).data == []
    assert missed.type == "customer.created"


def test_events_come_twice_and_in_disorder_when_asked(fresh: Sandbox) -> None:
    client = client_of(fresh)
    with receiving() as receiver:
        endpoint(client, receiver)
        fresh.control.webhooks(paused=True, copies=2, shuffled=True)
        for _ in range(8):
            client.v1.customers.create({})
        fresh.control.webhooks(paused=False)
        fresh.control.drain()
    order = [event.id for event in reversed(client.v1.events.list({"limit": 100}).data)]
    assert receiver.seen == dict.fromkeys(order, 2)
    came = [stripe.Event.construct_from(json.loads(body), "").id for body, _ in receiver.tries]
    assert came != [event_id for event_id in order for _ in range(2)]


def test_an_event_is_sent_once_more_on_demand(fresh: Sandbox) -> None:
    client = client_of(fresh)
    with receiving() as receiver:
        endpoint(client, receiver, "customer.created")
        client.v1.customers.create({})
        (event,) = client.v1.events.list({"type": "customer.created"}).data
        fresh.control.redeliver(event.id, copies=3)
        fresh.control.drain()
    assert receiver.seen == {event.id: 4}


@pytest.mark.parametrize("skew", [-400, 400])
def test_the_time_in_the_signature_can_be_off(fresh: Sandbox, skew: int) -> None:
    client = client_of(fresh)
    fresh.control.webhooks(skew=skew)
    with receiving() as receiver:
        secret = endpoint(client, receiver)
        client.v1.customers.create({})
        fresh.control.drain()
    body, signed = receiver.tries[0]
    if skew < 0:
        with pytest.raises(stripe.SignatureVerificationError, match="tolerance"):
            stripe.Webhook.construct_event(body, signed, secret)
    else:
        assert stripe.Webhook.construct_event(body, signed, secret).id  # the SDK looks one way only


def test_a_call_that_is_refused_sends_no_event(fresh: Sandbox) -> None:
    client = client_of(fresh)
    with receiving() as receiver:
        endpoint(client, receiver)
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.setup_intents.create({"payment_method": "pm_none", "confirm": True})
        assert fresh.control.drain()["taken"] == 0
    assert receiver.tries == []
    assert client.v1.events.list().data == []


def test_a_disabled_or_deleted_endpoint_gets_nothing(fresh: Sandbox) -> None:
    client = client_of(fresh)
    with receiving() as receiver:
        made = client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
        client.v1.webhook_endpoints.update(made.id, {"disabled": True})
        client.v1.customers.create({})
        client.v1.webhook_endpoints.update(made.id, {"disabled": False})
        client.v1.webhook_endpoints.delete(made.id)
        client.v1.customers.create({})
        assert fresh.control.drain()["taken"] == 0
    assert receiver.tries == []


def test_an_event_type_stripe_does_not_have_is_refused(fresh: Sandbox) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="enabled_events"):
        client_of(fresh).v1.webhook_endpoints.create({"url": "http://127.0.0.1/", "enabled_events": ["visit.done"]})  # type: ignore[list-item] # no such event
