"""Every operation under calls drawn from Stripe's own schemas: refused or done, and never a fault of the sandbox's."""

import json
import os
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stripe._encode import _api_encode

from sandbox.stripe.registry import HANDLED, Handled
from sandbox.stripe.service import Received, Service
from sandbox.stripe.serving import new_service

Draw = st.SearchStrategy[Any]
EXAMPLES = int(os.environ.get("TRUEUP_FUZZ_EXAMPLES", "10"))
KNOWN = st.integers(0, 89).map("@{}".format)
ROOM = ("pm_card_visa", "usd", "usd", "none", "card", "2027", "12", "4242424242424242", "month", "1")


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """Yield an account in which a little has happened."""
    made = new_service()
    done: dict[str, str] = {}

    def post(path: str, **params: Any) -> str:
        answer = called(made, "POST", f"/v1/{path}", params)
        assert answer[0] == 200, answer
        return str(answer[1]["id"])

    customer = post("customers")
    card = post("payment_methods/pm_card_visa/attach", customer=customer)
    post(f"customers/{customer}", invoice_settings={"default_payment_method": card})
    for name in ("draft", "open", "paid"):
        done[name] = post("invoices", customer=customer)
        post("invoiceitems", customer=customer, invoice=done[name], amount=5_000, currency="usd")
    post(f"invoices/{done['open']}/finalize")
    post(f"invoices/{done['paid']}/pay")
    post("credit_notes", invoice=done["open"], amount=100)
    post("setup_intents", customer=customer)
    post("payment_intents", amount=2_000, currency="usd", customer=customer, payment_method=card, confirm=True)
    meter = post("billing/meters", display_name="m", event_name="visit", default_aggregation={"formula": "sum"})
    flat = post("prices", currency="usd", unit_amount=900, recurring={"interval": "month"}, product_data={"name": "p"})
    recurring = {"interval": "month", "usage_type": "metered", "meter": meter}
    used = post("prices", currency="usd", unit_amount=700, recurring=recurring, product_data={"name": "p"})
    post("subscriptions", customer=customer, items=[{"price": flat}, {"price": used}])
    post("webhook_endpoints", url="http://127.0.0.1:9/", enabled_events=["customer.created"])
    post("test_helpers/test_clocks", frozen_time=int(time.time()))
    made.deliveries.behave(paused=True)
    yield made
    made.deliveries.close()


def called(service: Service, method: str, path: str, params: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Return the status and the body of a call, with the form the SDK would send."""
    text = urlencode(list(_api_encode(params)))
    query, body = (text, "") if method == "GET" else ("", text)
    headers = {"authorization": "Bearer sk_test_x"}
    answer = service.answer(Received(method, path, query, body, headers, time.time()))
    return answer.status, json.loads(json.dumps(answer.body))


def values(schema: dict[str, Any], depth: int = 0) -> Draw:
    """Draw values of a schema; texts are often ids the account knows (`@n`, put in by `meant`)."""
    if "anyOf" in schema:
        return st.one_of([values(branch, depth) for branch in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema.get("type")
    if kind == "array":
        return st.lists(values(schema.get("items", {}), depth + 1), min_size=1, max_size=2)
    if kind == "object":
        return _objects(schema, depth)
    plain: dict[str, Draw] = {
        "integer": st.integers(-2, 6_000) | st.just(int(time.time())),
        "boolean": st.booleans(),
        "number": st.integers(0, 100),
    }
    return plain.get(str(kind), KNOWN | st.sampled_from(ROOM))


def _objects(schema: dict[str, Any], depth: int) -> Draw:
    if "properties" not in schema:
        return st.dictionaries(st.sampled_from(["stripe_customer_id", "value", "memo_id"]), KNOWN | st.just("1"))
    required = schema.get("required", [])
    drawn = {name: values(found, depth + 1) for name, found in schema["properties"].items()} if depth < 4 else {}
    return st.fixed_dictionaries(
        {name: drawn[name] for name in required if name in drawn},
        optional={name: found for name, found in drawn.items() if name not in required},
    )


def meant(value: Any, ids: list[str]) -> Any:
    """Return the value with the account's ids where `@n` stands."""
    if isinstance(value, dict):
        return {key: meant(part, ids) for key, part in value.items()}
    if isinstance(value, list):
        return [meant(part, ids) for part in value]
    return ids[int(value[1:]) % len(ids)] if isinstance(value, str) and value.startswith("@") else value


def honoured(schema: dict[str, Any], handled: Handled) -> dict[str, Any]:
    """Return the schema of the parameters an operation honours, whole or in part."""
    kept: dict[str, Any] = {}
    for name, found in schema["properties"].items():
        parts = {taken.partition(".")[2] for taken in handled.takes if taken.partition(".")[0] == name}
        if parts - {""} and "properties" in found:
            part = {key: value for key, value in found["properties"].items() if key in parts}
            kept[name] = found | {"properties": part}
        elif parts or name in {"limit", "created", "starting_after"}:
            kept[name] = found
    return schema | {"properties": kept}


@pytest.mark.parametrize("operation_id", sorted(HANDLED))
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_call_is_done_or_refused_and_never_breaks_the_sandbox(
    service: Service, operation_id: str, data: st.DataObject
) -> None:
    operation = service.specification.operations[operation_id]
    path = "/".join(data.draw(KNOWN) if part.startswith("{") else part for part in operation.path.split("/"))
    params = data.draw(values(honoured(operation.params, HANDLED[operation_id])))
    ids = [found["id"] for found in service.account.objects.everything() if found["object"] != "event"][-90:]
    where = "/".join(meant(path.split("/"), ids))
    status, body = called(service, operation.method.upper(), where, meant(params, ids))
    assert status in {200, 400, 402, 404, 501}, body
