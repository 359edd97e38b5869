"""Every operation under calls drawn from Stripe's own schemas: refused or done, and never a fault of the sandbox's."""

import json
import os
import random
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from stripe._encode import _api_encode

from sandbox.stripe.registry import HANDLED, Handled
from sandbox.stripe.service import Received, Service
from sandbox.stripe.serving import new_service

NOW = int(time.time())
NUMBERS: list[Any] = [-1, 0, 1, 2, 49, 50, 700, 5_000, 5_001, NOW, NOW + 90, NOW - NOW % 86_400]
PLAIN: dict[str, list[Any]] = {"integer": NUMBERS, "number": NUMBERS, "boolean": [True, False]}
EXAMPLES = int(os.environ.get("TRUEUP_FUZZ_EXAMPLES", "12"))
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


class Drawn:
    """Values drawn from schemas by a seed of their own; texts are often ids the account knows."""

    def __init__(self, seed: str, ids: list[str]) -> None:
        self.random = random.Random(seed)  # noqa: S311 - a test's draw
        self.ids = ids

    def id(self) -> str:
        return self.random.choice(self.ids)

    def value(self, schema: dict[str, Any], depth: int = 0) -> Any:
        choose = self.random.choice
        if "anyOf" in schema:
            return self.value(choose(schema["anyOf"]), depth)
        if "enum" in schema:
            return choose(schema["enum"])
        kind = schema.get("type")
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            return [self.value(schema.get("items", {}), depth + 1) for _ in range(choose([1, 1, 2]))]
        return choose(PLAIN[str(kind)]) if kind in PLAIN else choose([self.id(), self.id(), choose(ROOM)])

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        if "properties" not in schema:
            names = self.random.sample(["stripe_customer_id", "value", "memo_id"], 2)
            return {name: self.random.choice([self.id(), "1"]) for name in names}
        required = set(schema.get("required", []))
        some = self.random.random()
        wanted = [name for name in schema["properties"] if name in required or self.random.random() < some * some]
        return {name: self.value(schema["properties"][name], depth + 1) for name in wanted}


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
def test_a_call_is_done_or_refused_whole_and_never_breaks_the_sandbox(service: Service, operation_id: str) -> None:
    operation = service.specification.operations[operation_id]
    schema = honoured(operation.params, HANDLED[operation_id])
    for example in range(EXAMPLES):
        service.account.pass_time()
        before = service.account.objects.everything()
        known = [found["id"] for found in before if found["object"] != "event"]
        drawn = Drawn(f"{operation_id} {example}", known[-90:])
        path = "/".join(drawn.id() if part.startswith("{") else part for part in operation.path.split("/"))
        params = drawn.value(schema)
        status, body = called(service, operation.method.upper(), path, params)
        assert status in {200, 400, 402, 404, 501}, (path, params, body)
        if status in {400, 404, 501}:
            # Refused is not half done: an item left behind would be on the next invoice.
            assert service.account.objects.everything() == before, (path, params, body)
